/*
 * A TCP echo server on raw epoll, one thread: the least a server on epoll can do.
 *
 * usage: echo_epoll PORT level|edge
 *
 *   level  registered once, read once an event
 *   edge   registered once; a short read means that it is empty
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS_MAX = 512, BACKLOG = 4096 };

static char buffer[4096];

int main(int argc, char **argv) {
    if (argc != 3) return fprintf(stderr, "usage: echo_epoll PORT level|edge\n"), 2;
    int is_edge = !strcmp(argv[2], "edge"), one = 1;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (void *)&address, sizeof address) || listen(listener, BACKLOG)) return perror("bind"), 1;
    int epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[EVENTS_MAX];
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS_MAX, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) {
                while ((fd = accept4(listener, 0, 0, SOCK_NONBLOCK)) >= 0) {
                    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                    event.events = EPOLLIN | (is_edge ? EPOLLET : 0);
                    event.data.fd = fd;
                    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
                }
                continue;
            }
            ssize_t size;
            do {
                size = read(fd, buffer, sizeof buffer);
                if (size == 0 || (size < 0 && errno != EAGAIN)) close(fd);
                if (size <= 0) break;
                /* The load keeps no more under way than a socket holds. */
                if (write(fd, buffer, (size_t)size) != size) abort();
            } while (is_edge && size == sizeof buffer);
        }
    }
}
