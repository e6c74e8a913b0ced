/* Why a copy ended: an exit status of BL_COPY_*, carried in err.code beside errnos. */
#ifndef BOXLITE_ARCHIVE_OUTCOME_H
#define BOXLITE_ARCHIVE_OUTCOME_H

#include "../../common/err.h"
#include "../../protocol/protocol.h"

enum { OUTCOME_BASE = 100000 }; /* above every errno */
#define OUTCOME(exit) (OUTCOME_BASE + (int)(exit))

/* The exit status by which the other side knows the kind of failure. */
int outcome_exit(const struct err *err);
/* BL_COPY_MALFORMED, with the name of the entry and the rule it breaks; -1. */
int outcome_malformed(struct err *err, const char *name, const char *rule);

#endif
