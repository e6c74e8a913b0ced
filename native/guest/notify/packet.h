/* What passes between the agent and the process that answers for inotify: a type and a payload of the wire. */
#ifndef BOXLITE_GUEST_NOTIFY_PACKET_H
#define BOXLITE_GUEST_NOTIFY_PACKET_H

#include "../../protocol/protocol.h"

enum { NOTIFY_PACKET_BYTES = 1 + BL_LIMIT_MAX_PAYLOAD };

#endif
