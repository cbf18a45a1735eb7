/*
 * What a trap into Linux costs: getppid, and a look at epoll.
 *
 * usage: trap CALLS
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static double now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int main(int argc, char **argv) {
    long calls = argc > 1 ? atol(argv[1]) : 2000000;
    double start = now_ns();
    for (long i = 0; i < calls; i++) syscall(SYS_getppid);
    printf("null linux ns %.2f ns\n", (now_ns() - start) / (double)calls);
    struct epoll_event event;
    int epoll = epoll_create1(0);
    start = now_ns();
    for (long i = 0; i < calls; i++) epoll_wait(epoll, &event, 1, 0);
    printf("null linux-epoll ns %.2f ns\n", (now_ns() - start) / (double)calls);
    return 0;
}
