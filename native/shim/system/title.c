#include "title.h"

#include <string.h>
#include <sys/prctl.h>

/* The arguments lie one behind the other, where the kernel reads them. */
static char *first, *second, *end;

void title_open(int argc, char **argv) {
    if (argc == 0)
        return;
    first = argv[0];
    end = argv[argc - 1] + strlen(argv[argc - 1]) + 1;
    second = argc > 1 ? argv[1] : end;
}

void title_set(const char *program) {
    size_t size = strlen(program) + 1;
    prctl(PR_SET_NAME, program);
    if (!first || size > (size_t)(second - first))
        return;
    memcpy(first, program, size);
    memmove(first + size, second, (size_t)(end - second));
    memset(first + size + (end - second), 0, (size_t)(second - first) - size);
    second = first + size;
}
