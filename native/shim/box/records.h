/* The records of a run that outlive the shim: files in the box's directory, each written beside its place and
 * renamed into it, so that a reader sees a whole one or none. */
#ifndef BOXLITE_SHIM_BOX_RECORDS_H
#define BOXLITE_SHIM_BOX_RECORDS_H

#include "shim.h"

/* The record of the box's health, which session/health.c writes. */
#define RECORD_HEALTH "health.bin"

/* Removes the records of an earlier run. */
int records_clear(struct err *err);
/* Sets space aside for boot-error.json or exit.json, so that a full disk can't hide an end. */
void records_reserve(void);
/* started.json, when main runs: also what isolates the VMM, and what of that the host has refused. */
int records_write_started(struct shim *shim, struct err *err);
/* ports.json: the published ports, bound by now. */
int records_write_ports(struct shim *shim, struct err *err);
/* net-ended.json: why a box that runs has no network any more. */
void records_write_net_ended(struct shim *shim, const char *message);
/* exit.json. `reason`: exited, vmm-died or killed. */
void records_write_exit(struct shim *shim, uint32_t code, uint32_t signal, uint32_t flags, const char *reason);
/* boot-error.json, once: later failures follow from the first. */
void records_write_boot_error(struct shim *shim, uint32_t stage, const struct err *why);
/* Flushes the last record to the disk. That takes milliseconds, so it is apart from writing, which others wait
 * for. */
void records_sync(struct shim *shim);

const char *stage_name(uint32_t stage);

#endif
