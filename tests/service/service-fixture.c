/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "service-fixture.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void
read_line (int fd, char *line, size_t size)
{
  size_t n = 0;

  while (n + 1 < size && read (fd, line + n, 1) == 1 && line[n] != '\n')
    n++;
  line[n] = '\0';
  g_strchomp (line);
}

static void
start_router (ServiceFixture *fixture)
{
  char *arguments[] = { (char *) g_getenv ("PLUM_TEST_ROUTER"), fixture->address, NULL };
  g_autoptr (GError) error = NULL;
  char line[sizeof "ready " + sizeof fixture->address];

  g_spawn_async_with_pipes (NULL, arguments, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
                            &fixture->pid, &fixture->to, &fixture->from, NULL, &error);
  g_assert_no_error (error);
  read_line (fixture->from, line, sizeof line);
  g_assert_true (g_str_has_prefix (line, "ready"));
  if (line[5] == ' ') /* a router with an address of its own */
    g_strlcpy (fixture->address, line + 6, sizeof fixture->address);
}

void
service_fixture_set_up (ServiceFixture *fixture, gconstpointer data)
{
  static int n;
  int number = getpid () * 31 + n++;

  g_snprintf (fixture->address, sizeof fixture->address, "127.79.%d.%d", number / 250 % 250,
              number % 250 + 2);
  pthread_mutex_init (&fixture->mutex, NULL);
  pthread_cond_init (&fixture->changed, NULL);
  start_router (fixture);
}

static void
on_router_exit (GPid pid, int status, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  g_spawn_check_wait_status (status, &error);
  g_assert_no_error (error);
  g_spawn_close_pid (pid);
  g_main_loop_quit (user_data);
}

void
service_fixture_tear_down (ServiceFixture *fixture, gconstpointer data)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);

  g_assert_cmpint (service_fixture_router (fixture, "table"), ==, 0);
  close (fixture->to);
  g_child_watch_add (fixture->pid, on_router_exit, loop);
  g_main_loop_run (loop);
  close (fixture->from);
  pthread_mutex_destroy (&fixture->mutex);
  pthread_cond_destroy (&fixture->changed);
}

int
service_fixture_router (ServiceFixture *fixture, const char *command)
{
  char line[64];

  g_snprintf (line, sizeof line, "%s\n", command);
  g_assert_cmpint (write (fixture->to, line, strlen (line)), ==, (gssize) strlen (line));
  read_line (fixture->from, line, sizeof line);
  return atoi (line);
}

PlumService *
service_fixture_new (ServiceFixture *fixture, const char *backend)
{
  const char *const backends[] = { backend != NULL ? backend : "pcp", NULL };
  PlumServiceConfig config;
  PlumService *service;
  int error;

  plum_service_config_init (&config, sizeof config);
  config.gateway_address = fixture->address;
  config.backends = backends;
  config.mapping_timeout = 2000;
  config.recheck_period = 1000;
  service = plum_service_new (&config, &error);
  g_assert_cmpint (error, ==, PLUM_SERVICE_OK);
  g_assert_nonnull (service);

  return service;
}

static void
on_report (PlumService *service, const PlumServiceMapping *mapping, void *data)
{
  ServiceFixture *fixture = data;

  pthread_mutex_lock (&fixture->mutex);
  fixture->last = *mapping;
  fixture->n_reports++;
  fixture->n_in_state[mapping->state]++;
  pthread_cond_broadcast (&fixture->changed);
  pthread_mutex_unlock (&fixture->mutex);
}

PlumServiceRequest
service_fixture_request (ServiceFixture *fixture)
{
  PlumServiceRequest request;

  plum_service_request_init (&request, sizeof request);
  request.internal_port = 8080;
  request.callback = on_report;
  request.callback_data = fixture;
  return request;
}

void
service_fixture_wait (ServiceFixture *fixture, PlumServiceState state, int n)
{
  struct timespec deadline;
  int status = 0;

  clock_gettime (CLOCK_REALTIME, &deadline);
  deadline.tv_sec += DEADLINE_MS / 1000;
  pthread_mutex_lock (&fixture->mutex);
  while (fixture->n_in_state[state] < n && status == 0)
    status = pthread_cond_timedwait (&fixture->changed, &fixture->mutex, &deadline);
  pthread_mutex_unlock (&fixture->mutex);
  g_assert_cmpint (status, ==, 0);
}

PlumServiceMapping
service_fixture_query (PlumService *service, int id)
{
  PlumServiceMapping mapping = { .size = sizeof mapping };

  g_assert_cmpint (plum_service_query (service, id, &mapping), ==, PLUM_SERVICE_OK);
  return mapping;
}
