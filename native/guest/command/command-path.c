#include "command-path.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int runnable(const char *path);

const char *env_value(const char *const *env, const char *name) {
    const char *value = NULL;
    size_t length = strlen(name);
    for (; *env; env++)
        if (strncmp(*env, name, length) == 0 && (*env)[length] == '=')
            value = *env + length + 1;
    return value;
}

int command_path(const char *name, const char *search, char *path, size_t size, struct err *err) {
    size_t name_length = strlen(name);
    if (strchr(name, '/')) {
        if (name_length >= size)
            return err_set(err, ENAMETOOLONG, "exec: the command's path is too long");
        memcpy(path, name, name_length + 1);
        int code = runnable(path);
        if (code == ENOENT || code == ENOTDIR)
            return err_set(err, code, "exec: \"%.100s\": stat %.100s: %s", name, name,
                           code == ENOENT ? "no such file or directory" : "not a directory");
        if (code == EISDIR)
            return err_set(err, code, "exec: \"%.180s\": is a directory", name);
        if (code)
            return err_set(err, code, "exec: \"%.180s\": %s", name,
                           code == EACCES ? "permission denied" : strerror(code));
        return 0;
    }

    /* Like a shell, passes over a file that can't be executed. */
    while (name_length) {
        size_t length = strcspn(search, ":");
        if (length + 1 + name_length < size) {
            size_t at = length ? length : 1;
            memcpy(path, length ? search : ".", at);
            path[at++] = '/';
            memcpy(path + at, name, name_length + 1);
            if (runnable(path) == 0)
                return 0;
        }
        if (!search[length])
            break;
        search += length + 1;
    }
    return err_set(err, ENOENT, "exec: \"%.180s\": executable file not found in $PATH", name);
}

static int runnable(const char *path) {
    struct stat st;
    if (stat(path, &st))
        return errno;
    if (S_ISDIR(st.st_mode))
        return EISDIR;
    if (!S_ISREG(st.st_mode))
        return EACCES;
    return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) ? errno : 0;
}
