/* The hub of one named network: it passes packets between the members, by the addresses that each had when it joined,
 * and tells all of them who is there. It learns nothing from packets and keeps nothing of them. */
#ifndef BOXLITE_NET_HUB_HUB_H
#define BOXLITE_NET_HUB_HUB_H

/* Serves the listening socket until the last member has left, or until nobody has come. */
void hub_run(int listen_fd);

#endif
