/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>

#include "log.h"
#include "switcher.h"
#include "test-step.h"

struct Switcher {
        sd_event *event;
        char *sysfs;
        char *loader_path;
        switcher_ejected_t ejected;
        void *ejected_userdata;

        BpfScheduler *current;
        uint64_t current_seq;                   /* the kernel's enable_seq since we attached it */
        uint64_t generation;
        bool leave;

        LoaderJob *job;
        LoaderRequest *request;
        const Candidate *loading;               /* whom the job is for */
        switcher_done_t done;                   /* NULL: for the standby */
        void *done_userdata;

        BpfScheduler *standby;                  /* loaded, ready to be attached */
        const Candidate *standby_candidate;
        switcher_prepared_t prepared;
        void *prepared_userdata;

        Expedite expedite;

        struct scxd_exit_event *caught;         /* the latest exit record of whichever scheduler reported one */
        const BpfScheduler *caught_from;
        sd_event_source *ejection;              /* handles an exit outside of the ring buffer's own callback */
};

bool switcher_is_busy(const Switcher *s) {
        return s->job && s->done;
}

const Candidate *switcher_standby(const Switcher *s) {
        if (s->standby)
                return s->standby_candidate;
        return s->job && !s->done ? s->loading : NULL;
}

bool switcher_has_current(const Switcher *s) {
        return s->current;
}

static void forget_caught(Switcher *s) {
        s->caught = mfree(s->caught);
        s->caught_from = NULL;
}

static void on_exit_record(BpfScheduler *b, const struct scxd_exit_event *exit, void *userdata) {
        Switcher *s = userdata;

        forget_caught(s);
        s->caught = malloc(sizeof(*s->caught));
        if (!s->caught) {
                log_error("Out of memory: the kernel's word on an exit is lost");
                return;
        }
        *s->caught = *exit;
        s->caught_from = b;
        if (b == s->current)
                (void) sd_event_source_set_enabled(s->ejection, SD_EVENT_ONESHOT);
}

/* Reads what b has to say of its end. Returns it (still the switcher's) or NULL. */
static const struct scxd_exit_event *hear(Switcher *s, BpfScheduler *b) {
        if (s->caught_from != b)
                forget_caught(s);
        (void) bpf_scheduler_poll(b);
        return s->caught_from == b ? s->caught : NULL;
}

/* The current scheduler is gone: detach (the stale link must not outlive it), tell. */
static void handle_ejection(Switcher *s) {
        BpfScheduler *gone = TAKE_PTR(s->current);
        _cleanup_(freep) struct scxd_exit_event *exit = NULL;

        s->generation++;
        test_step("ejected");
        expedite_begin(&s->expedite);
        bpf_scheduler_detach(gone);
        (void) hear(s, gone);
        exit = TAKE_PTR(s->caught);
        s->caught_from = NULL;
        s->ejected(s, exit, s->ejected_userdata);       /* may attach the standby at once */
        expedite_end(&s->expedite);
        bpf_scheduler_free(gone);
}

static int on_ejection(sd_event_source *source, void *userdata) {
        Switcher *s = userdata;

        if (s->current && s->caught_from == s->current)
                handle_ejection(s);
        return 0;
}

static bool kernel_runs(const KernelStatus *k, const BpfScheduler *b) {
        return k->state == KERNEL_STATE_ENABLED && streq(k->ops, bpf_scheduler_ops_name(b));
}

void switcher_check(Switcher *s, const KernelStatus *kernel) {
        if (!s->current)
                return;
        if (kernel_runs(kernel, s->current) && kernel->enable_seq == s->current_seq)
                return;
        handle_ejection(s);
}

int switcher_new(sd_event *event, const char *sysfs, const char *loader_path, const char *runtime_directory,
                 switcher_ejected_t ejected, void *userdata, Switcher **ret) {
        _cleanup_(switcher_freep) Switcher *s = NULL;
        int r;

        s = calloc(1, sizeof(*s));
        if (!s)
                return -ENOMEM;
        s->event = sd_event_ref(event);
        s->ejected = ejected;
        s->ejected_userdata = userdata;
        s->sysfs = strdup(sysfs);
        s->expedite = (Expedite) { .sysfs = s->sysfs, .runtime_directory = runtime_directory };
        s->loader_path = strdup(loader_path);
        if (!s->sysfs || !s->loader_path)
                return -ENOMEM;
        r = sd_event_add_defer(event, &s->ejection, on_ejection, s);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(s->ejection, SD_EVENT_OFF);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(s);
        return 0;
}

Switcher *switcher_free(Switcher *s) {
        if (!s)
                return NULL;
        switcher_drop_standby(s);
        switcher_cancel(s);
        if (s->leave && s->current)
                bpf_scheduler_abandon(s->current);
        bpf_scheduler_free(s->current);
        forget_caught(s);
        sd_event_source_disable_unref(s->ejection);
        sd_event_unref(s->event);
        free(s->sysfs);
        free(s->loader_path);
        return mfree(s);
}

static void drop_job(Switcher *s) {
        s->job = loader_job_free(s->job);
        s->request = mfree(s->request);
        s->loading = NULL;
        s->done = NULL;
}

void switcher_cancel(Switcher *s) {
        if (s->done)
                drop_job(s);
}

void switcher_drop_standby(Switcher *s) {
        if (s->job && !s->done)
                drop_job(s);
        s->standby = bpf_scheduler_free(s->standby);
        s->standby_candidate = NULL;
}

void switcher_stop(Switcher *s, struct scxd_exit_event **ret_exit) {
        struct scxd_exit_event *exit = NULL;

        switcher_cancel(s);
        if (s->current) {
                BpfScheduler *b = TAKE_PTR(s->current);

                s->generation++;
                bpf_scheduler_detach(b);
                /* Our own detach leaves a record, too; only another kind of exit is news. */
                if (hear(s, b) && exit_kind_from_kernel(s->caught->kind) != EXIT_KIND_UNREGISTERED)
                        exit = TAKE_PTR(s->caught);
                forget_caught(s);
                bpf_scheduler_free(b);
        }
        *ret_exit = exit;
}

/* What must be known before an attachment, taken before the other scheduler is detached: nothing delays the swap. */
static int before_attach(Switcher *s, BpfScheduler *b, KernelStatus *ret) {
        (void) hear(s, b);      /* what an earlier attachment left is not news */
        forget_caught(s);
        return kernel_read(s->sysfs, ret);
}

/* Attaches and asks the kernel. Returns 0 if it runs now, -EBUSY if another one does, -ESHUTDOWN if it was ended at once (see
 * hear(); *ret_seq tells whether it was enabled before); else the kernel's refusal. On failure it is detached again, and the kernel is
 * done with it. */
static int attach_and_verify(Switcher *s, BpfScheduler *b, const KernelStatus *before, uint64_t *ret_seq) {
        KernelStatus after;
        int r;

        r = bpf_scheduler_attach(b);
        if (r < 0)
                return r;
        test_step("attached");
        r = kernel_read(s->sysfs, &after);
        if (r >= 0)
                *ret_seq = after.enable_seq;
        if (r >= 0 && kernel_runs(&after, b) && after.enable_seq != before->enable_seq && !hear(s, b))
                return 0;

        bpf_scheduler_detach(b);
        return r < 0 ? r : -ESHUTDOWN;
}

static char *describe_attach_failure(int error, const struct scxd_exit_event *exit) {
        char *text = NULL;
        int r;

        if (exit)
                r = asprintf(&text, "the kernel ended it at once: %s%s%s%s", exit->reason[0] ? exit->reason : "no reason given",
                             exit->message[0] ? " (" : "", exit->message, exit->message[0] ? ")" : "");
        else if (error == -ESHUTDOWN)
                r = asprintf(&text, "the kernel accepted it but does not run it");
        else if (error == -EBUSY)
                r = asprintf(&text, "the kernel is busy with another scheduler");
        else
                r = asprintf(&text, "the kernel refused to enable it: %s", strerror(-error));
        return r < 0 ? NULL : text;
}

/* What became of one that could not be attached, or was ended at once. */
static ExitKind kind_of_attach_failure(int error, const struct scxd_exit_event *exit, bool was_enabled) {
        if (exit && exit_kind_from_kernel(exit->kind) == EXIT_KIND_SYSRQ)
                return EXIT_KIND_SYSRQ;
        if (was_enabled)
                return exit ? exit_kind_from_kernel(exit->kind) : EXIT_KIND_VANISHED;
        return exit || error == -ESHUTDOWN ? EXIT_KIND_INIT_FAILED : EXIT_KIND_LOAD_FAILED;
}

/* The swap itself. Takes over next. Nothing may come between detaching the old and attaching the new one but reading whether a
 * person pressed the emergency stop. */
static void swap(Switcher *s, BpfScheduler *next) {
        BpfScheduler *previous = TAKE_PTR(s->current);
        _cleanup_(freep) struct scxd_exit_event *exit = NULL;
        _cleanup_(freep) char *message = NULL;
        SwitchResult result = { .stage = SWITCH_STAGE_SWAP, .kind = EXIT_KIND_LOAD_FAILED };
        switcher_done_t done = s->done;
        KernelStatus before;
        uint64_t seq = 0;

        test_step("loaded");
        result.error = before_attach(s, next, &before);
        expedite_begin(&s->expedite);
        test_step("before-detach");
        if (previous && result.error >= 0) {
                bpf_scheduler_detach(previous);
                test_step("detached");
                if (hear(s, previous) && exit_kind_from_kernel(s->caught->kind) == EXIT_KIND_SYSRQ) {
                        exit = TAKE_PTR(s->caught);
                        result.error = -ECANCELED;
                        result.emergency_stop = true;
                        result.message = "the emergency stop (SysRq-S) was pressed";
                }
                forget_caught(s);
        }

        if (result.error >= 0) {
                seq = before.enable_seq;
                result.error = attach_and_verify(s, next, &before, &seq);
                if (result.error < 0) {
                        if (hear(s, next) && exit_kind_from_kernel(s->caught->kind) != EXIT_KIND_UNREGISTERED)
                                exit = TAKE_PTR(s->caught);
                        forget_caught(s);
                        result.kind = kind_of_attach_failure(result.error, exit, seq != before.enable_seq);
                        message = describe_attach_failure(result.error, exit);
                        result.message = message ? message : "out of memory";
                        result.emergency_stop = exit && exit_kind_from_kernel(exit->kind) == EXIT_KIND_SYSRQ;
                }
        }

        if (result.error >= 0) {
                s->current = next;
                s->current_seq = seq;
                bpf_scheduler_free(previous);
        } else {
                bpf_scheduler_free(next);
                if (!result.message)
                        result.message = "the kernel's state cannot be read";
                if (previous && bpf_scheduler_is_attached(previous))
                        s->current = previous;
                else if (previous && !result.emergency_stop && before_attach(s, previous, &before) >= 0 &&
                         attach_and_verify(s, previous, &before, &seq) >= 0) {
                        s->current = previous;
                        s->current_seq = seq;
                } else {
                        result.previous_lost = previous;
                        bpf_scheduler_free(previous);
                }
                forget_caught(s);
        }
        expedite_end(&s->expedite);
        test_step("verified");
        s->generation++;
        result.exit = exit;

        s->done = NULL;
        done(s, &result, s->done_userdata);
}

static void on_loaded(LoaderJob *job, size_t index, const LoaderReply *reply, int *fds, size_t n_fds, void *userdata) {
        Switcher *s = userdata;
        BpfScheduler *next = NULL;
        int r = reply->error;

        if (r >= 0)
                r = bpf_scheduler_new(s->event, reply, fds, n_fds, on_exit_record, s, &next);
        if (r < 0) {
                _cleanup_(freep) char *message = NULL;
                SwitchResult result = { .error = r, .stage = SWITCH_STAGE_LOAD, .kind = EXIT_KIND_LOAD_FAILED };
                switcher_done_t done = s->done;

                if (reply->error < 0)
                        result.kind = exit_kind_from_load(reply->stage, reply->error);
                message = strdup(reply->message[0] ? reply->message : strerror(-r));
                result.message = message ? message : "out of memory";
                drop_job(s);
                if (done)
                        done(s, &result, s->done_userdata);
                else
                        s->prepared(s, r, result.kind, result.message, s->prepared_userdata);
                return;
        }

        s->job = loader_job_free(s->job);
        s->request = mfree(s->request);
        if (s->done)
                swap(s, next);
        else {
                s->standby = next;
                s->standby_candidate = s->loading;
                s->prepared(s, 0, EXIT_KIND_LOAD_FAILED, NULL, s->prepared_userdata);
        }
}

static void fill(LoaderJob *job, size_t index, LoaderRequest *request, void *userdata) {
        Switcher *s = userdata;

        *request = *s->request;
}

int switcher_fill_request(const Scheduler *scheduler, const Candidate *candidate, uint64_t stall_timeout_usec, LoaderRequest *ret) {
        LoaderRequest q = { .verb = LOADER_LOAD };

        if (!scheduler->object_path || strlen(scheduler->object_path) >= sizeof(q.path) || scheduler->n_knobs > KNOBS_MAX)
                return -E2BIG;
        strcpy(q.path, scheduler->object_path);
        q.timeout_ms = (uint32_t) MIN(stall_timeout_usec / 1000, (uint64_t) UINT32_MAX);

        for (size_t i = 0; i < scheduler->n_knobs; i++) {
                const Knob *k = &scheduler->knobs[i];
                LoaderKnob *out = &q.knobs[q.n_knobs];
                bool given = k->has_default;
                KnobValue v = k->def;

                for (size_t j = 0; j < candidate->n_settings; j++)
                        if (streq(candidate->settings[j].name, k->name)) {
                                v = candidate->settings[j].value;
                                given = true;
                        }
                if (!given)
                        continue;
                if (strlen(k->name) >= sizeof(out->name))
                        return -E2BIG;
                strcpy(out->name, k->name);
                out->type = (uint8_t) k->type;
                out->set = (uint8_t) k->set;
                out->value = v;
                q.n_knobs++;
        }

        *ret = q;
        return 0;
}

static int start_load(Switcher *s, const Scheduler *scheduler, const Candidate *candidate, uint64_t stall_timeout_usec) {
        _cleanup_(freep) LoaderRequest *request = NULL;
        int r;

        request = malloc(sizeof(*request));
        if (!request)
                return -ENOMEM;
        r = switcher_fill_request(scheduler, candidate, stall_timeout_usec, request);
        if (r < 0)
                return r;

        s->request = TAKE_PTR(request);
        s->loading = candidate;
        r = loader_job_start(s->event, s->loader_path, 1, LOADER_TIMEOUT_DEFAULT_USEC, fill, on_loaded, s, &s->job);
        if (r < 0)
                drop_job(s);
        test_step("loading");
        return r;
}

int switcher_start(Switcher *s, const Scheduler *scheduler, const Candidate *candidate, uint64_t stall_timeout_usec,
                   switcher_done_t done, void *userdata) {
        int r;

        if (switcher_is_busy(s))
                return -EBUSY;

        if (s->standby && s->standby_candidate == candidate) {
                BpfScheduler *next = TAKE_PTR(s->standby);

                s->standby_candidate = NULL;
                s->done = done;
                s->done_userdata = userdata;
                swap(s, next);
                return 0;
        }
        if (s->job && s->loading != candidate)
                drop_job(s);            /* a standby can wait */
        if (!s->job) {
                r = start_load(s, scheduler, candidate, stall_timeout_usec);
                if (r < 0)
                        return r;
        }
        s->done = done;
        s->done_userdata = userdata;
        return 0;
}

int switcher_prepare(Switcher *s, const Scheduler *scheduler, const Candidate *candidate, uint64_t stall_timeout_usec,
                     switcher_prepared_t prepared, void *userdata) {
        if (switcher_is_busy(s))
                return -EBUSY;
        if (switcher_standby(s) == candidate)
                return 0;
        switcher_drop_standby(s);
        s->prepared = prepared;
        s->prepared_userdata = userdata;
        return start_load(s, scheduler, candidate, stall_timeout_usec);
}

int switcher_write_knob(Switcher *s, const char *name, KnobValue value) {
        return s->current ? bpf_scheduler_write_knob(s->current, name, value) : -ENOENT;
}

uint64_t switcher_generation(const Switcher *s) {
        return s->generation;
}

bool switcher_parts(const Switcher *s, BpfSchedulerParts *ret, const char **ret_ops_name, uint64_t *ret_enable_seq) {
        if (!s->current)
                return false;
        bpf_scheduler_parts(s->current, ret);
        *ret_ops_name = bpf_scheduler_ops_name(s->current);
        *ret_enable_seq = s->current_seq;
        return true;
}

void switcher_set_expedite(Switcher *s, bool on) {
        s->expedite.off = !on;
}

void switcher_leave(Switcher *s) {
        s->leave = true;
}

int switcher_adopt(Switcher *s, const LoaderReply *reply, int *fds, size_t n_fds, int link_fd, uint64_t enable_seq,
                   struct scxd_exit_event **ret_exit) {
        BpfScheduler *b = NULL;
        KernelStatus k;
        int r;

        assert(!s->current);

        r = bpf_scheduler_new(s->event, reply, fds, n_fds, on_exit_record, s, &b);
        if (r < 0) {
                /* The link is closed by the caller's store; nothing else can be done with it. */
                bpf_scheduler_drop_link(link_fd);
                return r;
        }
        bpf_scheduler_adopt_link(b, link_fd);
        r = kernel_read(s->sysfs, &k);
        if (r >= 0 && kernel_runs(&k, b) && k.enable_seq == enable_seq && !hear(s, b)) {
                s->current = b;
                s->current_seq = enable_seq;
                s->generation++;
                return 0;
        }

        /* It ended while nobody looked, or is not what runs now. */
        bpf_scheduler_detach(b);
        if (hear(s, b) && exit_kind_from_kernel(s->caught->kind) != EXIT_KIND_UNREGISTERED)
                *ret_exit = TAKE_PTR(s->caught);
        else
                *ret_exit = NULL;
        forget_caught(s);
        bpf_scheduler_free(b);
        return r < 0 ? r : -ESTALE;
}
