/* SPDX-License-Identifier: GPL-2.0-only */
#include "catalog-load.h"
#include "log.h"

struct CatalogLoad {
        sd_event *event;
        char *loader_path;
        catalog_load_handler_t handler;
        void *userdata;

        Catalog *catalog;
        Settings settings;
        Diagnostics diagnostics;
        KernelFeatures features;
        LoaderJob *job;
        size_t *inspect;        /* the schedulers that have an object to look into */
        size_t n_inspect;
        size_t step;            /* 0: probe the kernel; i + 1: inspect the object of scheduler inspect[i] */
        size_t job_first;       /* the step that the job's request 0 stands for */
};

CatalogLoad *catalog_load_free(CatalogLoad *l) {
        if (!l)
                return NULL;
        loader_job_free(l->job);
        catalog_unref(l->catalog);
        diagnostics_done(&l->diagnostics);
        sd_event_unref(l->event);
        free(l->loader_path);
        free(l->inspect);
        return mfree(l);
}

static size_t n_steps(const CatalogLoad *l) {
        return l->n_inspect + 1;
}

static void fill(LoaderJob *job, size_t index, LoaderRequest *request, void *userdata) {
        CatalogLoad *l = userdata;
        size_t step = l->job_first + index;

        *request = (LoaderRequest) { .verb = LOADER_PROBE };
        if (step > 0) {
                const char *path = catalog_scheduler(l->catalog, l->inspect[step - 1])->object_path;

                request->verb = LOADER_INSPECT;
                if (path && strlen(path) < sizeof(request->path))
                        strcpy(request->path, path);
        }
}

static int take(CatalogLoad *l, const LoaderReply *reply) {
        if (l->step == 0) {
                if (reply->error >= 0)
                        l->features = reply->features;
                else
                        log_warning("Cannot probe what this kernel's sched_ext can do: %s",
                                    reply->message[0] ? reply->message : strerror(-reply->error));
                return 0;
        }
        return catalog_bind(l->catalog, l->inspect[l->step - 1], reply->error, reply->message,
                            reply->error >= 0 ? &reply->object : NULL, &l->diagnostics);
}

static void finish(CatalogLoad *l, int error) {
        if (error >= 0)
                error = catalog_link(l->catalog, &l->diagnostics);
        l->handler(error, error >= 0 ? l->catalog : NULL, &l->settings, &l->diagnostics, &l->features, l->userdata);
}

static int start_job(CatalogLoad *l);

static void on_reply(LoaderJob *job, size_t index, const LoaderReply *reply, int *fds, size_t n_fds, void *userdata) {
        CatalogLoad *l = userdata;
        bool helper_lost = reply->error == -EPIPE || reply->error == -ETIMEDOUT || reply->error == -EBADMSG;
        int r;

        r = take(l, reply);
        l->step++;
        if (r < 0 || l->step >= n_steps(l)) {
                l->job = loader_job_free(l->job);
                finish(l, r);
                return;
        }
        if (helper_lost) {
                /* One object that brings the helper down costs nobody else anything: a new helper for the rest. */
                l->job = loader_job_free(l->job);
                r = start_job(l);
                if (r < 0)
                        finish(l, r);
        }
}

static int start_job(CatalogLoad *l) {
        l->job_first = l->step;
        return loader_job_start(l->event, l->loader_path, n_steps(l) - l->step, LOADER_TIMEOUT_DEFAULT_USEC, fill, on_reply, l,
                                &l->job);
}

int catalog_load_start(sd_event *event, const char *loader_path, const CatalogPaths *paths, catalog_load_handler_t handler,
                       void *userdata, CatalogLoad **ret) {
        _cleanup_(catalog_load_freep) CatalogLoad *l = NULL;
        int r;

        l = calloc(1, sizeof(*l));
        if (!l)
                return -ENOMEM;
        l->event = sd_event_ref(event);
        l->handler = handler;
        l->userdata = userdata;
        l->loader_path = strdup(loader_path);
        if (!l->loader_path)
                return -ENOMEM;
        r = settings_read(paths->config, &l->settings, &l->diagnostics);
        if (r < 0)
                return r;
        r = catalog_read(paths, &l->catalog, &l->diagnostics);
        if (r < 0)
                return r;

        l->inspect = calloc(catalog_n_schedulers(l->catalog) + 1, sizeof(*l->inspect));
        if (!l->inspect)
                return -ENOMEM;
        for (size_t i = 0; i < catalog_n_schedulers(l->catalog); i++)
                if (!catalog_scheduler(l->catalog, i)->unread)
                        l->inspect[l->n_inspect++] = i;

        r = start_job(l);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(l);
        return 0;
}
