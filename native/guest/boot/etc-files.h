#ifndef BOXLITE_GUEST_ETC_FILES_H
#define BOXLITE_GUEST_ETC_FILES_H

#include "../wire/message.h"

/* Before the template is taken: empty files, so that the skeleton has a mount point for each, and so that an
 * overlay mounted before they are written has looked none of them up in vain. */
int etc_files_prepare(struct err *err);

/* Writes what Docker writes: hosts, hostname, resolv.conf; and the machine id of a box whose image has none. */
int etc_files_write(const struct bootstrap *message, struct err *err);

#endif
