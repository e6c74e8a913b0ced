/* A destination to unpack into, beside files that no archive may touch. */
#ifndef BOXLITE_TEST_PLACE_H
#define BOXLITE_TEST_PLACE_H

#include <stdlib.h>

#include "../crafted.h"
#include "archive/outcome/outcome.h"
#include "archive/unpack/unpack.h"

static struct err err;
static char top[] = "/tmp/unpack-test-XXXXXX";

/* Each program works in its own directory, and removes it at the end. */
static inline void enter_top(void) { check("there is a directory", mkdtemp(top) && chdir(top) == 0); }

static inline void remove_top(void) {
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", top);
    check("the directory is removed", system(command) == 0);
}

/* Creates `dest`, and beside it `outside` with a file that must never change. */
static inline void begin(void) {
    check("a place is made", system("rm -rf dest outside missing made && mkdir dest outside && "
                                    "echo untouched > outside/kept && chmod 640 outside/kept") == 0);
}

static inline void check_outside(void) {
    check(
        "nothing outside is touched",
        system("test \"$(cat outside/kept)\" = untouched && test \"$(stat -c %a outside/kept)\" = 640 && "
               "test \"$(ls -A outside)\" = kept && test -z \"$(ls -A . | grep -v -x -e dest -e outside -e made)\"") ==
            0);
}

static inline int run(int archive, const char *destination, struct unpack_options options) {
    struct totals totals = {0};
    int failed = unpack(archive, destination, &options, &totals, &err);
    close(archive);
    return failed ? outcome_exit(&err) : 0;
}

static inline bool holds(const char *command) { return system(command) == 0; }

#endif
