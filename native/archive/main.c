/* boxlite-archive: the host's end of a copy. */
#include <unistd.h>

#include "command.h"

int main(int argc, char **argv) {
    bool unpacks = argc > 1 && argv[1][0] == 'u';
    return archive_command((const char *const *)(void *)(argv + 1), (uint32_t)(argc - 1),
                           unpacks ? STDIN_FILENO : STDOUT_FILENO, STDERR_FILENO);
}
