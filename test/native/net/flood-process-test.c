/* A box that sends what it can: boxlite-net stays, bounded, and serves on. */
#include <stdint.h>
#include <sys/resource.h>

#include "net-process.h"

enum { WARM_UP = 150000, FRAMES = 100000, CONNECTIONS = 3000, CLIENTS = 2200, PAGES_OF_6_MIB = 6 * 256 };

static struct made_frame frame;

static uint64_t random_state = 88172645463325252U;

static uint64_t next_random(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    return random_state ^= random_state << 17;
}

/* The processor time it has used, in ticks of a hundredth of a second. */
static long ticks(void) {
    char path[64];
    long user, kernel;
    snprintf(path, sizeof path, "/proc/%d/stat", net_pid);
    FILE *file = fopen(path, "re");
    need(file && fscanf(file, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld", &user, &kernel) == 2,
         path);
    fclose(file);
    return user + kernel;
}

static void drain(void) {
    static uint8_t bytes[1 << 18];
    while (recv(vmm, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
        ;
}

/* Reads all that comes until ARP is answered, frame by frame. */
static bool is_alive(void) {
    make_arp(&frame, BOX4, RESOLVER4);
    send_frame(&frame);
    while (next_frame(WAIT_MS))
        if (get_u16(got.bytes + 12) == 0x0806)
            return true;
    return false;
}

static void make_any(void) {
    static const char *const boxes[] = {BOX4, BOX6}, *const outsides[] = {OUTSIDE4, OUTSIDE6,  GATEWAY4,
                                                                          GATEWAY6, RESOLVER4, RESOLVER6};
    uint64_t any = next_random();
    const char *box = boxes[any % 2], *to = outsides[any % 6];
    uint16_t port = (uint16_t)(any >> 16);
    static uint8_t payload[1000];
    switch (any >> 8 & 7) {
    case 0:
        make_arp(&frame, BOX4, GATEWAY4);
        break;
    case 1:
        make_solicit(&frame, BOX6, GATEWAY6);
        break;
    case 2:
        make_echo(&frame, box, to);
        break;
    case 3:
        make_udp(&frame, box, to, 1000 + port % 64, port % 3 ? port : 53, payload, (any >> 32) % sizeof payload);
        break;
    case 4:
        frame.size = 1 + (any >> 32) % 2000;
        for (size_t i = 0; i < frame.size; i += 8)
            put_u32(frame.bytes + i, (uint32_t)next_random());
        return;
    default:
        make_tcp(&frame, box, to, 1000 + port % 64, port, (uint32_t)any, 0, (uint8_t)(any >> 40) & 0x3f);
    }
    /* Half of them are not what they were. */
    for (uint64_t left = any >> 48 & 3; any >> 50 & 1 && left; left--) {
        uint64_t change = next_random();
        frame.bytes[change % frame.size] ^= (uint8_t)(change >> 32);
    }
}

static void survives_any_frames(void) {
    for (int i = 0; i < WARM_UP; i++) {
        make_any();
        send_frame(&frame);
        drain();
    }
    long before = resident_pages();
    for (int i = 0; i < FRAMES; i++) {
        make_any();
        send_frame(&frame);
        drain();
    }
    check("a hundred thousand frames of any kind do not end it", waitpid(net_pid, NULL, WNOHANG) == 0);
    long after = resident_pages();
    printf("resident: %ld KiB, then %ld KiB\n", before * 4, after * 4);
    check("nor do they make it grow, once its buffers are there", after - before < PAGES_OF_6_MIB);
}

/* More connections than there may be descriptors, each with its buffers. */
static void survives_many_connections(void) {
    uint16_t port = 0, published = 0;
    int listener = bound(OUTSIDE4, SOCK_STREAM, &port), door = bound("::ffff:127.0.0.1", SOCK_STREAM, &published);
    struct net_publish message = {NET_PUBLISH, 1, IPPROTO_TCP, 80};
    tell(&message, sizeof message, door);
    close(door);
    check("a port is published", answer().code == 0);
    size_t made = 0, refused = 0;
    for (uint16_t i = 0; i < CONNECTIONS; i++) {
        make_tcp(&frame, BOX4, OUTSIDE4, 10000 + i, port, 1, 0, TCP_SYN);
        send_frame(&frame);
        while (next_frame(0)) {
            made += packet.tcp_flags == (TCP_SYN | TCP_ACK);
            refused += packet.tcp_flags & TCP_RST || packet.kind == PACKET_ICMP;
        }
    }
    while (made + refused < CONNECTIONS && next_frame(5000)) {
        made += packet.tcp_flags == (TCP_SYN | TCP_ACK);
        refused += packet.tcp_flags & TCP_RST || packet.kind == PACKET_ICMP;
    }
    printf("%zu connections made, %zu refused\n", made, refused);
    check("as many connections are made as descriptors last", made > 2000 && made < 2048);
    check("the rest is refused", made + refused >= CONNECTIONS);
    check("it serves on", is_alive());
    struct sockaddr_storage to;
    char byte;
    socklen_t size = socket_address("::ffff:127.0.0.1", published, &to);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    need(connect(fd, (struct sockaddr *)&to, size) == 0, "connect");
    check("who connects to a published port meanwhile is reset",
          readable(fd, WAIT_MS) && recv(fd, &byte, 1, 0) == -1 && errno == ECONNRESET);
    close(fd);
    long before = ticks();
    need(poll(NULL, 0, 1000) == 0, "poll");
    check("and it does not spin", ticks() - before < 20);
    for (uint16_t i = 0; i < CONNECTIONS; i++) {
        make_tcp(&frame, BOX4, OUTSIDE4, 10000 + i, port, 2, 0, TCP_RST);
        send_frame(&frame);
        while (next_frame(0))
            ;
    }
    check("reset connections leave", is_alive());
    make_tcp(&frame, BOX4, OUTSIDE4, 9999, port, 1, 0, TCP_SYN);
    check("room for others", is_answered(&frame) && packet.tcp_flags == (TCP_SYN | TCP_ACK));
    close(listener);
}

/* More clients of a published port than it may have, which leave the box connections of its own. */
static void survives_many_clients(void) {
    static int clients[CLIENTS];
    struct rlimit files = {CLIENTS + 100, CLIENTS + 100};
    struct sockaddr_storage to;
    uint16_t port = 0, published = 0;
    need(setrlimit(RLIMIT_NOFILE, &files) == 0, "setrlimit");
    int listener = bound(OUTSIDE4, SOCK_STREAM, &port), door = bound("::ffff:127.0.0.1", SOCK_STREAM, &published);
    struct net_publish message = {NET_PUBLISH, 1, IPPROTO_TCP, 80};
    socklen_t size = socket_address("::ffff:127.0.0.1", published, &to);
    tell(&message, sizeof message, door);
    check("a port is published", answer().code == 0);
    close(door);
    size_t came = 0;
    for (size_t i = 0; i < CLIENTS; i++) {
        clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        need(connect(clients[i], (struct sockaddr *)&to, size) == 0, "connect");
        while (next_frame(0))
            came += packet.kind == PACKET_TCP && packet.tcp_flags == TCP_SYN;
    }
    check("who is one too many is reset", readable(clients[CLIENTS - 1], WAIT_MS) &&
                                              recv(clients[CLIENTS - 1], &(char){0}, 1, 0) == -1 &&
                                              errno == ECONNRESET);
    printf("%zu of %d clients came to the box\n", came, CLIENTS);
    make_tcp(&frame, BOX4, OUTSIDE4, 9999, port, 1, 0, TCP_SYN);
    send_frame(&frame);
    bool connected = false;
    while (!connected && next_frame(WAIT_MS))
        connected = packet.tcp_flags == (TCP_SYN | TCP_ACK) && packet.destination_port == 9999;
    check("and the box connects to others all the same", connected);
    for (size_t i = 0; i < CLIENTS; i++)
        close(clients[i]);
    close(listener);
}

/* As many datagrams' sources as there are ports. */
static void survives_many_datagrams(void) {
    uint16_t port = 0;
    int outside = bound(OUTSIDE6, SOCK_DGRAM, &port);
    for (uint32_t i = 1; i < 65536; i++) {
        make_udp(&frame, BOX6, OUTSIDE6, (uint16_t)i, port, "x", 1);
        send_frame(&frame);
        while (next_frame(0))
            ;
    }
    check("datagrams from every port do not end it", is_alive());
    long before = ticks();
    need(poll(NULL, 0, 1000) == 0, "poll");
    check("nor make it spin", ticks() - before < 20);
    close(outside);
}

/* A VMM that sends without reading. */
static void survives_a_deaf_box(void) {
    long before = resident_pages();
    make_arp(&frame, BOX4, GATEWAY4);
    for (int i = 0; i < 200000; i++)
        send_frame(&frame);
    check("a box that does not read makes it grow by little", resident_pages() - before < PAGES_OF_6_MIB);
    check("and is answered when it reads again", is_alive());
}

int main(void) {
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return 2;
    enter_namespace();
    start(NET_SAME_USER);
    survives_any_frames();
    check("it ends with its shim", stop());
    start(NET_SAME_USER);
    survives_many_connections();
    check("it ends with its shim", stop());
    start(NET_SAME_USER);
    survives_many_clients();
    check("it ends with its shim", stop());
    start(NET_SAME_USER);
    survives_many_datagrams();
    survives_a_deaf_box();
    check("it ends with its shim", stop());
    return 0;
}
