/* Ending on request: by Ctrl-C, by SIGTERM, or because the terminal is gone. The signals are blocked except while
 * the program waits for more of an archive, so that it can finish what it has begun. */
#ifndef BOXLITE_ARCHIVE_STOP_H
#define BOXLITE_ARCHIVE_STOP_H

#include <stdbool.h>

/* Blocks the signals from now on; without this call nothing is blocked. */
void stop_hold(void);
/* Waits until there is something to read: -1 with errno, EINTR after a signal. */
int stop_await(int fd);
bool stop_requested(void);

#endif
