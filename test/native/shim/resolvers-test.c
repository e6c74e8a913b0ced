/* Tests how the host's name servers are read from resolv.conf(5). */
#include "shim/broker/resolvers.h"

#include <arpa/inet.h>
#include <string.h>

#include "../guest/check.h"

static struct net_resolvers found;

static void parse(const char *text) {
    FILE *file = *text ? fmemopen((char *)(uintptr_t)text, strlen(text), "r") : NULL;
    resolvers_parse(file, &found);
    if (file)
        fclose(file);
}

static bool is_server(uint32_t index, const char *expected, uint32_t scope) {
    const struct sockaddr_storage *server = &found.servers[index];
    const struct sockaddr_in *in = (const struct sockaddr_in *)server;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)server;
    bool is_v4 = server->ss_family == AF_INET;
    char text[INET6_ADDRSTRLEN];
    inet_ntop(server->ss_family, is_v4 ? (const void *)&in->sin_addr : &in6->sin6_addr, text, sizeof text);
    return strcmp(text, expected) == 0 && ntohs(is_v4 ? in->sin_port : in6->sin6_port) == 53 &&
           (is_v4 || in6->sin6_scope_id == scope);
}

static void finds_both_families(void) {
    parse("# nameserver 1.1.1.1\nsearch example.org\nnameserver 192.0.2.1\nnameserver\t2001:db8::1 # why\n"
          " nameserver 9.9.9.9\nnameservers 8.8.8.8\nnameserver fe80::1%7\nnameserver fe80::2%lo\noptions ndots:2\n");
    check("each line that names one counts, in order", found.type == NET_RESOLVERS && found.count == 4 &&
                                                           is_server(0, "192.0.2.1", 0) &&
                                                           is_server(1, "2001:db8::1", 0));
    check("a link-local one has its interface, by number or name",
          is_server(2, "fe80::1", 7) && is_server(3, "fe80::2", 1));
}

static void takes_its_loopback_without_any(void) {
    static const char *const none[] = {"",
                                       "\n",
                                       "search a.test\n",
                                       "nameserver\n",
                                       "nameserver 300.1.1.1\n",
                                       "nameserver example.org\n",
                                       "nameserver 1.1.1.1x\n"};
    bool all = true;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        parse(none[i]);
        all = all && found.count == 1 && is_server(0, "127.0.0.1", 0);
    }
    check("a host that names none has one on its loopback", all);
}

static void reads_any_length(void) {
    static char text[100000];
    memset(text, 'x', sizeof text - 1);
    memcpy(text, "nameserver ", 11);
    strcpy(text + sizeof text - 24, "\nnameserver 192.0.2.9\n");
    parse(text);
    check("a line without an end hides no other", found.count == 1 && is_server(0, "192.0.2.9", 0));
    size_t used = 0;
    for (int i = 0; i < 20; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "nameserver 192.0.2.%d\n", i);
    parse(text);
    check("more than are taken are left", found.count == NET_MAX_RESOLVERS && is_server(7, "192.0.2.7", 0));
}

int main(void) {
    finds_both_families();
    takes_its_loopback_without_any();
    reads_any_length();
    return 0;
}
