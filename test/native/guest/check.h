/* Checks a fact and prints its sentence. The program exits at the first one that does not hold. */
#ifndef BOXLITE_TEST_CHECK_H
#define BOXLITE_TEST_CHECK_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define check(fact, holds) check_at(__FILE__, __LINE__, fact, holds)

static inline void check_at(const char *file, int line, const char *fact, bool holds) {
    printf("%s %s\n", holds ? "ok" : "FAILED", fact);
    if (holds)
        return;
    fprintf(stderr, "%s:%d: %s\n", file, line, fact);
    exit(1);
}

#endif
