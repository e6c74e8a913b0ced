#include "attributes.h"

#include <errno.h>
#include <limits.h>
#include <linux/limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#define CAPABILITY "security.capability"

static bool is_kept(const char *name);

int attributes_read(int directory, const char *base, struct attributes *out, struct err *err) {
    static char list[XATTR_LIST_MAX];
    static char value[XATTR_SIZE_MAX];
    /* There is no lgetxattrat, and /proc may be of another PID namespace: so by the working directory. */
    if (fchdir(directory))
        return err_errno(err, "can't enter a directory");
    ssize_t size = llistxattr(base, list, sizeof list);
    if (size <= 0) /* a file system without, or a name that is gone */
        return 0;
    for (const char *name = list; name < list + size; name += strlen(name) + 1) {
        ssize_t length = lgetxattr(base, name, value, sizeof value);
        if (length >= 0 && attributes_add(out, name, strlen(name), value, (size_t)length))
            return err_set(err, ENOMEM, "no memory for attributes");
    }
    return 0;
}

int attributes_add(struct attributes *attributes, const char *name, size_t name_size, const void *value, size_t size) {
    struct tar_attribute *grown = reallocarray(attributes->items, attributes->count + 1, sizeof *grown);
    if (!grown)
        return -1;
    attributes->items = grown;
    struct tar_attribute one = {strndup(name, name_size), malloc(size + 1), size};
    if (!one.name || !one.value) {
        free(one.name);
        free(one.value);
        return -1;
    }
    memcpy(one.value, value, size);
    attributes->items[attributes->count++] = one;
    return 0;
}

int attributes_write(int directory, const char *base, const struct attributes *attributes, bool privileges,
                     unsigned *refused) {
    if (attributes->count && fchdir(directory))
        return errno;
    for (size_t i = 0; i < attributes->count; i++) {
        const struct tar_attribute *one = &attributes->items[i];
        if (!is_kept(one->name))
            continue;
        if (!privileges && strcmp(one->name, CAPABILITY) == 0) {
            ++*refused;
            continue;
        }
        if (lsetxattr(base, one->name, one->value, one->size, 0) == 0)
            continue;
        if (errno != EPERM && errno != EOPNOTSUPP && errno != EINVAL && errno != EACCES)
            return errno;
        ++*refused;
    }
    return 0;
}

void attributes_free(struct attributes *attributes) {
    for (size_t i = 0; i < attributes->count; i++) {
        free(attributes->items[i].name);
        free(attributes->items[i].value);
    }
    free(attributes->items);
    *attributes = (struct attributes){0};
}

/* Labels of a security module and overlayfs's own marks mean something only on the machine they come from. */
static bool is_kept(const char *name) {
    return strncmp(name, "user.", 5) == 0 || strncmp(name, "system.posix_acl_", 17) == 0 ||
           strcmp(name, CAPABILITY) == 0;
}
