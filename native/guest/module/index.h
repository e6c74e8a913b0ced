/* The texts that depmod writes beside a kernel's modules. */
#ifndef BOXLITE_GUEST_MODULE_INDEX_H
#define BOXLITE_GUEST_MODULE_INDEX_H

#include <stddef.h>

enum { MODULE_NAME_BYTES = 64, MODULE_PATH_BYTES = 256 };

/* In modules.dep ("kernel/net/bridge/bridge.ko: kernel/net/llc/llc.ko"): the line of the module with this name, where
 * - and _ are the same. NULL if there is none. */
const char *module_line(const char *dep, const char *name);

/* The files of such a line, in the order of loading: first its last one, in the end the module's own. Returns how many
 * bytes of the line are left for the next call (at first SIZE_MAX), 0 when this was the last one. A path that is too
 * long comes out empty. */
size_t module_file(const char *line, size_t left, char path[MODULE_PATH_BYTES]);

/* In modules.alias ("alias fs-xfs xfs", the first word a pattern): the next module that answers to what is wanted.
 * Returns where to go on, NULL when there is none. */
const char *module_alias(const char *aliases, const char *wanted, char name[MODULE_NAME_BYTES]);

#endif
