#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Masks, overrides and drop-ins count: the values are read from the running program.
. "${0%/*}/lib.sh"
needs_sched_ext
etc=/etc/scxd
mkdir -p $etc/profiles/t.yaml.d $etc/schedulers/simple.yaml.d
profile t 'simple: {slice_us: 1234, weighted: false}'
define
must switch t
knob simple.data slice_us
[ "$REPLY" = 1234 ] || fail "slice_us should be 1234, is $REPLY"
knob simple.rodata weighted
[ "$REPLY" = false ] || fail "weighted should be false, is $REPLY"

# A drop-in changes the profile, at the next switch.
printf 'schedulers:\n  - simple: {slice_us: 4321}\n' >$etc/profiles/t.yaml.d/50-test.yaml
define
knob simple.data slice_us
[ "$REPLY" = 1234 ] || fail "a reload should not touch what runs, but slice_us is $REPLY"
must switch t
knob simple.data slice_us
[ "$REPLY" = 4321 ] || fail "the drop-in should make slice_us 4321, is $REPLY"
knob simple.rodata weighted
[ "$REPLY" = true ] || fail "weighted should have its default, is $REPLY"

# The administrator's file replaces the one of the same name.
rm $etc/profiles/t.yaml.d/50-test.yaml
printf 'name: t\ndescription: Test\nschedulers:\n  - simple: {slice_us: 777}\n' >$etc/profiles/t.yaml
define
must switch t
knob simple.data slice_us
[ "$REPLY" = 777 ] || fail "the file in /etc should make slice_us 777, is $REPLY"

# A drop-in of the manifest changes a default.
printf 'name: t\ndescription: Test\nschedulers: [simple]\n' >$etc/profiles/t.yaml
printf 'knobs:\n  slice_us: {default: 3333}\n' >$etc/schedulers/simple.yaml.d/10.yaml
define
must switch t
knob simple.data slice_us
[ "$REPLY" = 3333 ] || fail "the drop-in of the manifest should make slice_us 3333, is $REPLY"

# Masked: a profile is gone, a scheduler is passed over with its reason.
profile t-chain simple interactive
ln -sf /dev/null $etc/profiles/t.yaml
: >$etc/schedulers/simple.yaml
must reload
refused 1 'No profile t ' switch t
must switch t-chain
assert_kernel_runs interactive
assert_status why 'simple.*masked'
assert_truth
