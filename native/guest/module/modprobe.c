#include "modprobe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../../common/cleanup.h"
#include "../system/root.h"
#include "index.h"

enum { MOST_INDEX_BYTES = 16 << 20 };

static char *read_index(const char *name);
static int load(const char *line);
static int load_file(const char *path);

int modprobe(const char *wanted) {
    struct utsname system;
    if (uname(&system) || chdir(ROOT_MODULES) || chdir(system.release))
        return EXIT_FAILURE;
    cleanup_free char *dep = read_index("modules.dep");
    cleanup_free char *aliases = read_index("modules.alias");
    if (!dep || !aliases)
        return EXIT_FAILURE;
    const char *line = module_line(dep, wanted);
    if (line)
        return load(line) ? EXIT_FAILURE : EXIT_SUCCESS;
    int status = EXIT_FAILURE;
    char name[MODULE_NAME_BYTES];
    for (const char *rest = aliases; (rest = module_alias(rest, wanted, name));)
        if ((line = module_line(dep, name)) && load(line) == 0)
            status = EXIT_SUCCESS;
    return status;
}

static char *read_index(const char *name) {
    struct stat st;
    cleanup_fd int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) || st.st_size > MOST_INDEX_BYTES)
        return NULL;
    char *text = malloc((size_t)st.st_size + 1);
    if (!text || read(fd, text, (size_t)st.st_size) != st.st_size) {
        free(text);
        return NULL;
    }
    text[st.st_size] = 0;
    return text;
}

static int load(const char *line) {
    char path[MODULE_PATH_BYTES];
    size_t left = SIZE_MAX;
    do {
        left = module_file(line, left, path);
        if (load_file(path))
            return -1;
    } while (left);
    return 0;
}

/* The kernel logs why it refuses one. */
static int load_file(const char *path) {
    cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 || (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST) ? -1 : 0;
}
