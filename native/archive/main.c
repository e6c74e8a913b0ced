/* boxlite-archive: the host's end of a copy. */
#include <stdio.h>
#include <unistd.h>

#include "command.h"
#include "jail.h"
#include "outcome/outcome.h"

int main(int argc, char **argv) {
    const char *const *words = (const char *const *)(void *)(argv + 1);
    uint32_t count = (uint32_t)(argc - 1);
    bool unpacks = count && words[0][0] == 'u';
    struct err err;
    /* The command tells what is wrong with fewer words. */
    if (count >= 3 && jail_enter(words, count, &err)) {
        dprintf(STDERR_FILENO, "-%s\n", err.msg);
        return outcome_exit(&err);
    }
    return archive_command(words, count, unpacks ? STDIN_FILENO : STDOUT_FILENO, STDERR_FILENO);
}
