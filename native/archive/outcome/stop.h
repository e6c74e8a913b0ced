/* Being told to end: by Ctrl-C, by SIGTERM, or because the terminal has gone. The signals are held back but while
 * more of an archive is waited for, so that what has been begun can be put in order. */
#ifndef BOXLITE_ARCHIVE_STOP_H
#define BOXLITE_ARCHIVE_STOP_H

#include <stdbool.h>

/* From now on; without it nothing is held back. */
void stop_hold(void);
/* Until there is something to read: -1 with errno, EINTR for having been told. */
int stop_await(int fd);
bool stop_told(void);

#endif
