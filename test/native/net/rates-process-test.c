/* A box's caps hold whatever it and the outside send. The bounds are those of a host that is busy. */
#include <stdint.h>
#include <time.h>

#include "hub-end.h"

enum { RATE = 1000000, PAYLOAD = 1400, SECONDS = 2 };

static uint8_t payload[PAYLOAD];

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void cap(uint64_t tx, uint64_t rx) {
    struct net_rates rates = {.type = NET_RATES, .tx = tx, .rx = rx};
    tell(&rates, sizeof rates, -1);
    need(answer().code == 0, "caps are taken");
}

static void drain(void) {
    while (next_frame(100))
        ;
}

static bool holds(const char *what, double rate) {
    printf("%s: %.0f bytes per second of %d\n", what, rate, RATE);
    return rate > 0.6 * RATE && rate < 1.15 * RATE;
}

/* Sends frames for so long, a part of one where no more fits; returns the bytes. */
static size_t flood(double for_s) {
    static size_t sent;
    static uint8_t stream[sizeof frame.bytes + 4];
    size_t all = 0, size = frame.size + 4;
    put_u32(stream, (uint32_t)frame.size);
    memcpy(stream + 4, frame.bytes, frame.size);
    for (double until = seconds() + for_s; seconds() < until;) {
        ssize_t n = send(vmm, stream + sent, size - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0) {
            struct pollfd waited = {.fd = vmm, .events = POLLOUT};
            poll(&waited, 1, 10);
            continue;
        }
        all += (size_t)n;
        sent = (sent + (size_t)n) % size;
    }
    while (sent)
        if ((ssize_t)(size - sent) == send(vmm, stream + sent, size - sent, MSG_NOSIGNAL))
            sent = 0;
    return all;
}

static void holds_what_a_box_sends(void) {
    uint16_t port = 0;
    int outside = bound(OUTSIDE4, SOCK_DGRAM, &port);
    cap(RATE, 0);
    make_udp(&frame, BOX4, OUTSIDE4, 1000, port, payload, PAYLOAD);
    flood(0.5); /* fills the stream's buffers */
    double begun = seconds();
    size_t sent = flood(SECONDS);
    check("what it sends is read no faster than its cap", holds("sent", (double)sent / (seconds() - begun)));
    cap(0, 0);
    check("and without a cap at once again", is_answered((make_arp(&frame, BOX4, GATEWAY4), &frame)));
    close(outside);
}

/* The outside answers a box's datagram with as many as it can. */
static void holds_what_a_box_receives(void) {
    uint16_t port = 0;
    struct sockaddr_storage from;
    socklen_t size = sizeof from;
    int outside = bound(OUTSIDE4, SOCK_DGRAM, &port);
    make_udp(&frame, BOX4, OUTSIDE4, 1000, port, payload, PAYLOAD);
    send_frame(&frame);
    need(readable(outside, WAIT_MS), "a datagram");
    need(recvfrom(outside, payload, sizeof payload, 0, (struct sockaddr *)&from, &size) == PAYLOAD, "recvfrom");
    cap(0, RATE);
    size_t received = 0;
    double begun = seconds();
    while (seconds() - begun < SECONDS) {
        for (int i = 0; i < 20; i++)
            sendto(outside, payload, sizeof payload, 0, (struct sockaddr *)&from, size);
        while (next_frame(1))
            received += got.size;
    }
    check("what it receives is no more than its cap", holds("received", (double)received / (seconds() - begun)));
    cap(0, 0);
    close(outside);
    drain();
}

/* What the hub passes on, which stays with it as long as there is no room. */
static void holds_members_too(void) {
    tell_member(hub, 2, "self");
    tell_member(hub, 3, "other");
    need(becomes_known(OTHER4, true), "a member");
    make_udp(&frame, OTHER4, OWN4, 1000, 2000, payload, PAYLOAD);
    cap(0, RATE);
    size_t received = 0, passed = 0;
    double begun = seconds();
    while (seconds() - begun < SECONDS) {
        while (send(hub, frame.bytes + 14, frame.size - 14, MSG_DONTWAIT) > 0)
            passed++;
        while (next_frame(1))
            received += got.size;
    }
    check("members count", holds("from a member", (double)received / (seconds() - begun)));
    check("and what is too much stays with the hub", passed * PAYLOAD < (SECONDS + 1) * RATE);
    cap(0, 0);
    drain();
    cap(RATE, 0);
    make_udp(&frame, OWN4, OTHER4, 2000, 1000, payload, PAYLOAD);
    double again = seconds();
    size_t sent = flood(0.5);
    check("in both directions", (double)sent < 512 * 1024 + RATE * (seconds() - again));
    cap(0, 0);
    while (readable(hub, 100))
        need(recv(hub, datagram, sizeof datagram, 0) > 0, "a packet");
}

/* Its own questions must not give a box more than its cap, nor keep it from being answered later. */
static void holds_answers(void) {
    enum { SLOW = 20000 };
    cap(0, SLOW);
    make_arp(&frame, BOX4, GATEWAY4);
    size_t received = 0;
    double begun = seconds();
    while (seconds() - begun < 1) {
        for (int i = 0; i < 1000; i++)
            send_frame(&frame);
        while (next_frame(0))
            received += got.size;
    }
    check("answers are sent as far as may be owed", received < 256 * 1024 + 4096 + 3 * SLOW);
    cap(0, 0);
    drain();
    check("and again when there is no cap", is_answered(&frame));
}

static long switches(void) {
    char path[64], line[256];
    long count = -1;
    snprintf(path, sizeof path, "/proc/%d/status", net_pid);
    FILE *file = fopen(path, "re");
    need(file != NULL, path);
    while (fgets(line, sizeof line, file))
        (void)sscanf(line, "voluntary_ctxt_switches: %ld", &count);
    fclose(file);
    return count;
}

static void sleeps_when_nothing_passes(void) {
    cap(RATE, RATE);
    make_arp(&frame, BOX4, GATEWAY4);
    for (int i = 0; i < 2000; i++) {
        send_frame(&frame);
        need(next_frame(WAIT_MS), "an answer");
    }
    need(poll(NULL, 0, 500) == 0, "poll");
    long before = switches();
    need(poll(NULL, 0, 1000) == 0, "poll");
    check("a box with caps that is idle wakes nobody", switches() - before <= 1);
    cap(0, 0);
}

static void refuses_what_is_no_cap(void) {
    struct net_rates rates = {.type = NET_RATES, .rx = UINT64_MAX};
    tell(&rates, sizeof rates, -1);
    check("a cap that can't be counted is refused", answer().code == ERANGE);
    tell(&rates, sizeof rates - 8, -1);
    check("and so is half a message", answer().code == EPROTO);
}

int main(void) {
    start_linked();
    holds_what_a_box_sends();
    holds_what_a_box_receives();
    holds_members_too();
    holds_answers();
    sleeps_when_nothing_passes();
    refuses_what_is_no_cap();
    stop_linked();
    return 0;
}
