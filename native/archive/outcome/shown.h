#ifndef BOXLITE_ARCHIVE_SHOWN_H
#define BOXLITE_ARCHIVE_SHOWN_H

/* A file's name in a message: what would move a terminal's cursor or end the line is written as \xNN, and a
 * long name is cut. One of four buffers in turn. */
const char *shown(const char *name);

#endif
