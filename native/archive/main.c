/* boxlite-archive: the host's end of a copy. */
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "command.h"

static void bound_memory(void);

int main(int argc, char **argv) {
    bool unpacks = argc > 1 && argv[1][0] == 'u';
    bool hostile = unpacks || (argc > 2 && (strcmp(argv[2], "within") == 0 || argv[1][0] == 'c'));
    if (hostile)
        bound_memory();
    return archive_command((const char *const *)(void *)(argv + 1), (uint32_t)(argc - 1),
                           unpacks ? STDIN_FILENO : STDOUT_FILENO, STDERR_FILENO);
}

/* The code bounds all that it keeps of an archive, to less than this; of a tree it keeps the names of a directory and
 * those of files with several. A bound that is missing then fails here for want of memory, and does not take the
 * host's. */
static void bound_memory(void) {
    const rlim_t most = 256 << 20;
    struct rlimit limit;
    if (getrlimit(RLIMIT_DATA, &limit) || (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur <= most))
        return;
    limit.rlim_cur = most;
    (void)setrlimit(RLIMIT_DATA, &limit);
}
