/* Frames that boxlite-net itself sends to a box: answers to a packet of the box's. */
#ifndef BOXLITE_NET_PACKET_REPLY_H
#define BOXLITE_NET_PACKET_REPLY_H

#include "packet.h"

/* Room for what an answer adds to its payload. */
enum { REPLY_HEADERS = ETHERNET_BYTES + 40 + 8 };

/* Each writes a frame to `to` and returns its size. */

/* The answer to PACKET_ARP and PACKET_SOLICIT: the address asked for is at `mac`. */
size_t reply_neighbour(const struct packet *packet, const uint8_t mac[MAC_BYTES], uint8_t *to);
/* A datagram in answer to PACKET_UDP. @param size at most 65,507 */
size_t reply_datagram(const struct packet *packet, const uint8_t *payload, size_t size, uint8_t *to);
/* What a firewall sends that refuses the packet openly: a reset to TCP, else "administratively prohibited"; 0, and
 * nothing, in answer to a reset or to ICMP other than an echo request. `from` is the gateway's address. */
size_t reply_refused(const struct packet *packet, const struct in6_addr *from, uint8_t *to);
/* An echo reply of IPv6 from `from`, to a box that asked with this identifier. Its `size` bytes of ICMP are in place. */
size_t reply_echo(const struct in6_addr *box, const uint8_t box_mac[MAC_BYTES], uint16_t id,
                  const struct in6_addr *from, const uint8_t mac[MAC_BYTES], size_t size, uint8_t *to);

#endif
