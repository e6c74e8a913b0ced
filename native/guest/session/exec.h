#ifndef BOXLITE_GUEST_EXEC_H
#define BOXLITE_GUEST_EXEC_H

#include "../box/box.h"
#include "../wire/message.h"
#include "session.h"

/* Each starts the process of a new session; session->report tells how far it came. */

/* The box's own command: what its first process becomes. */
int exec_main(struct session *session, struct box *box, const struct exec_request *request,
              const struct message *message, struct err *err);
/* One more process in the running box. */
int exec_in_box(struct session *session, const struct box *box, const struct exec_request *request, struct err *err);

/* No command of the box's, but its file system as a tar, what its flags ask for instead, or one end of a copy. */
int exec_archive(struct session *session, const struct box *box, const struct exec_request *request, struct err *err);

#endif
