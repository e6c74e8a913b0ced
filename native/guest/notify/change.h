/* What has happened on the host, repeated in the shadow: there the kernel makes the events for the box. */
#ifndef BOXLITE_GUEST_NOTIFY_CHANGE_H
#define BOXLITE_GUEST_NOTIFY_CHANGE_H

#include "shadow.h"

/* An event of inotify(7) on the host. */
struct change {
    uint32_t id; /* whose; 0 with IN_Q_OVERFLOW */
    uint32_t mask, cookie;
    const char *name; /* empty: of the watched directory itself */
};

enum change_outcome {
    CHANGE_DONE,
    CHANGE_LOST,   /* the host has lost events: list everything again */
    CHANGE_OF_NONE /* the id is watched in vain, and has been forgotten here */
};

enum change_outcome change_apply(struct shadow *shadow, const struct change *change);
/* No other half of a rename is to come. */
void changes_end(struct shadow *shadow);

#endif
