/* Makes files of a tar. The archive is hostile: nothing outside the destination is touched, whatever it names or
 * links to, and it does not decide what the copy is called there. (The attack: asked for results/, it begins with
 * .bashrc.) With attributes the working directory of the process changes. */
#ifndef BOXLITE_ARCHIVE_UNPACK_H
#define BOXLITE_ARCHIVE_UNPACK_H

#include "../../common/err.h"
#include "../outcome/totals.h"
#include "options.h"

/* Takes the archive from `in`. A file whose content does not come whole is removed again; what is whole stays. */
int unpack(int in, const char *destination, const struct unpack_options *options, struct totals *totals,
           struct err *err);

#endif
