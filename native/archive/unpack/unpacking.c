#include "unpacking.h"

#include <stdio.h>

#include "../outcome/shown.h"

enum { MAX_WARNINGS = 20 };

void unpacking_warn(struct unpacking *to, const char *name, const char *text) {
    char line[256];
    if (!to->options->warn || to->warnings++ > MAX_WARNINGS)
        return;
    snprintf(line, sizeof line, to->warnings > MAX_WARNINGS ? "and more" : "%s: %s", shown(name), text);
    to->options->warn(line);
}

int spot_failed(const struct spot *spot, const char *doing, struct err *err) {
    return err_errno(err, "can't %s %s", doing, shown(spot->shown));
}
