// Preloaded: a wall clock that is CLOCK_AHEAD seconds ahead, as another node's may be. Only that one: clocks that count from
// the node's start are right everywhere, so what waits for a time goes by them, or has its time told in the kernel's terms.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static time_t ahead;

__attribute__((constructor)) static void begin(void) {
  const char *text = getenv("CLOCK_AHEAD");
  ahead = text ? atol(text) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
  int status = (int)syscall(SYS_clock_gettime, clock, time);
  if (status == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) time->tv_sec += ahead;
  return status;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  (void)zone;
  struct timespec now;
  int status = clock_gettime(CLOCK_REALTIME, &now);
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return status;
}

time_t time(time_t *result) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (result) *result = now.tv_sec;
  return now.tv_sec;
}

// The end of a wait, for the kernel. No machine has been up for 30 years: what is less is not by the wall clock.
static struct timespec told(const struct timespec *end) {
  struct timespec own = *end;
  if (own.tv_sec > 1000000000) own.tv_sec -= ahead;
  return own;
}

int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict end) {
  static int (*real)(sem_t *, const struct timespec *);
  if (!real) real = dlsym(RTLD_NEXT, "sem_timedwait");
  struct timespec own = told(end);
  return real(semaphore, &own);
}

int pthread_cond_timedwait(
  pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex, const struct timespec *restrict end
) {
  static int (*real)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
  if (!real) real = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
  struct timespec own = told(end);
  return real(condition, mutex, &own);
}
