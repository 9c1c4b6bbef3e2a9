/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The rules for threads and callbacks. All of it also runs under ThreadSanitizer. */

#include "service-fixture.h"

#include <stdatomic.h>

#define N_THREADS 8

static void
close_service (PlumService *service)
{
  g_assert_cmpint (plum_service_close (service, 0, NULL, 0), ==, PLUM_SERVICE_OK);
  plum_service_free (service);
}

static void
run_threads (void *(*function) (void *), void *data)
{
  pthread_t threads[N_THREADS];

  for (int i = 0; i < N_THREADS; i++)
    g_assert_cmpint (pthread_create (&threads[i], NULL, function, data), ==, 0);
  for (int i = 0; i < N_THREADS; i++)
    pthread_join (threads[i], NULL);
}

/* --- Locks --- */

/* A program that holds its lock in every call, and takes it in its callback. */
typedef struct
{
  pthread_mutex_t lock;
  PlumService *service;
  int n_reports;
} Program;

static void
on_report_with_lock (PlumService *service, const PlumServiceMapping *mapping, void *data)
{
  Program *program = data;

  pthread_mutex_lock (&program->lock);
  program->n_reports++;
  pthread_mutex_unlock (&program->lock);
}

static void *
call_with_lock (void *data)
{
  Program *program = data;
  PlumServiceRequest request;

  plum_service_request_init (&request, sizeof request);
  request.callback = on_report_with_lock;
  request.callback_data = program;
  for (int i = 1; i <= 20; i++)
    {
      PlumServiceMapping mapping = { .size = sizeof mapping };
      int id;

      request.internal_port = (uint16_t) (9000 + i);
      pthread_mutex_lock (&program->lock);
      id = plum_service_map (program->service, &request);
      g_assert_cmpint (id, >, 0);
      g_assert_true (plum_service_has (program->service, id));
      g_assert_cmpint (plum_service_query (program->service, id, &mapping), ==, PLUM_SERVICE_OK);
      g_assert_cmpint (plum_service_list (program->service, NULL, 0), >, 0);
      if (i % 2 == 0)
        g_assert_cmpint (plum_service_unmap (program->service, id), ==, PLUM_SERVICE_OK);
      pthread_mutex_unlock (&program->lock);
    }

  return NULL;
}

static void
test_program_lock (ServiceFixture *fixture, gconstpointer data)
{
  Program program = { PTHREAD_MUTEX_INITIALIZER, service_fixture_new (fixture, NULL), 0 };

  run_threads (call_with_lock, &program);
  g_assert_cmpint (plum_service_list (program.service, NULL, 0), ==, N_THREADS * 10);
  close_service (program.service);
  g_assert_cmpint (program.n_reports, >=, N_THREADS * 20);
}

/* The program holds its lock while the worker waits for it in a callback. */
static void
test_callback_waits (ServiceFixture *fixture, gconstpointer data)
{
  Program program = { PTHREAD_MUTEX_INITIALIZER, service_fixture_new (fixture, NULL), 0 };
  PlumServiceRequest request = service_fixture_request (fixture);
  PlumServiceMapping mapping = { .size = sizeof mapping };
  int id, other;

  request.callback = on_report_with_lock;
  request.callback_data = &program;
  pthread_mutex_lock (&program.lock);
  id = plum_service_map (program.service, &request);
  /* Returns when the worker is about to call the callback. */
  g_assert_cmpint (plum_service_wait (program.service, id, 0, NULL), ==, PLUM_SERVICE_OK);
  request.internal_port++;
  other = plum_service_map (program.service, &request);
  g_assert_cmpint (plum_service_query (program.service, id, &mapping), ==, PLUM_SERVICE_OK);
  g_assert_cmpint (plum_service_unmap (program.service, other), ==, PLUM_SERVICE_OK);
  g_assert_cmpint (plum_service_get_local_address (program.service, mapping.external_host,
                                                   sizeof mapping.external_host),
                   ==, PLUM_SERVICE_OK);
  g_assert_cmpint (program.n_reports, ==, 0);
  pthread_mutex_unlock (&program.lock);
  close_service (program.service);
  g_assert_cmpint (program.n_reports, >, 0);
}

/* --- Calls from callbacks --- */

typedef struct
{
  atomic_int running, n_reports, closed;
  atomic_int results[3];
  bool free_service;
  atomic_int freed;
} Calls;

static void
on_report_calls (PlumService *service, const PlumServiceMapping *mapping, void *data)
{
  Calls *calls = data;
  PlumServiceMapping copy = { .size = sizeof copy };

  g_assert_cmpint (atomic_fetch_add (&calls->running, 1), ==, 0);
  g_assert_cmpint (calls->closed, ==, 0);
  g_assert_cmpint (calls->freed, ==, 0);
  calls->n_reports++;
  if (mapping->state == PLUM_SERVICE_SUCCESS && !calls->free_service)
    {
      char address[64];

      calls->results[0] = plum_service_close (service, 0, NULL, 0);
      calls->results[1] = plum_service_wait (service, mapping->id, 0, NULL);
      calls->results[2] = plum_service_unmap_and_wait (service, mapping->id, 0);
      g_assert_cmpint (plum_service_query (service, mapping->id, &copy), ==, PLUM_SERVICE_OK);
      g_assert_cmpint (plum_service_get_local_address (service, address, sizeof address), ==,
                       PLUM_SERVICE_OK);
      g_assert_cmpint (plum_service_unmap (service, mapping->id), ==, PLUM_SERVICE_OK);
    }
  else if (mapping->state == PLUM_SERVICE_SUCCESS)
    {
      plum_service_free (service);
      calls->freed = 1;
    }
  atomic_fetch_sub (&calls->running, 1);
}

static void
test_calls_from_callback (ServiceFixture *fixture, gconstpointer data)
{
  PlumService *service = service_fixture_new (fixture, NULL);
  PlumServiceRequest request = service_fixture_request (fixture);
  Calls calls = { 0 };
  int id;

  request.callback = on_report_calls;
  request.callback_data = &calls;
  id = plum_service_map (service, &request);
  for (int i = 0; i < DEADLINE_MS / 10 && plum_service_has (service, id); i++)
    g_usleep (10000);
  close_service (service);
  calls.closed = 1;
  for (int i = 0; i < 3; i++)
    g_assert_cmpint (calls.results[i], ==, PLUM_SERVICE_ERROR_WOULD_BLOCK);
  g_assert_cmpint (calls.n_reports, ==, 3);
}

static void
test_free_from_callback (ServiceFixture *fixture, gconstpointer data)
{
  PlumService *service = service_fixture_new (fixture, NULL);
  PlumServiceRequest request = service_fixture_request (fixture);
  static Calls calls = { .free_service = true };

  request.callback = on_report_calls;
  request.callback_data = &calls;
  plum_service_map (service, &request);
  for (int i = 0; i < DEADLINE_MS / 10 && calls.freed == 0; i++)
    g_usleep (10000);
  g_assert_cmpint (calls.freed, ==, 1);
  /* The worker unmaps the port, and frees the service. */
  for (int i = 0; i < DEADLINE_MS / 10 && service_fixture_router (fixture, "table") > 0; i++)
    g_usleep (10000);
  g_usleep (200000);
  g_assert_cmpint (calls.n_reports, ==, 1);
}

/* --- Close --- */

static void *
new_and_close (void *data)
{
  for (int i = 0; i < 10; i++)
    {
      PlumService *service = service_fixture_new (data, NULL);
      PlumServiceRequest request;

      plum_service_request_init (&request, sizeof request);
      request.internal_port = 7000;
      if (i % 3 != 0)
        plum_service_map (service, &request);
      if (i % 2 == 0)
        g_assert_cmpint (plum_service_close (service, 0, NULL, 0), ==, PLUM_SERVICE_OK);
      plum_service_free (service);
    }

  return NULL;
}

static void
test_new_and_close (ServiceFixture *fixture, gconstpointer data)
{
  run_threads (new_and_close, fixture);
}

static void *
map_until_closed (void *data)
{
  PlumServiceRequest request;
  int id;

  plum_service_request_init (&request, sizeof request);
  request.internal_port = 7000;
  while ((id = plum_service_map (data, &request)) > 0)
    {
      PlumServiceMapping mapping = { .size = sizeof mapping };
      int result = plum_service_wait (data, id, 100, &mapping);

      g_assert_true (result == PLUM_SERVICE_OK || result == PLUM_SERVICE_ERROR_CLOSED ||
                     result == PLUM_SERVICE_ERROR_TIMED_OUT);
      plum_service_unmap (data, id);
    }
  g_assert_cmpint (id, ==, PLUM_SERVICE_ERROR_CLOSED);
  /* Waits for the thread that closes. */
  g_assert_cmpint (plum_service_close (data, 0, NULL, 0), ==, PLUM_SERVICE_ERROR_CLOSED);

  return NULL;
}

static void
test_close_while_used (ServiceFixture *fixture, gconstpointer data)
{
  PlumService *service = service_fixture_new (fixture, NULL);
  pthread_t threads[N_THREADS];

  for (int i = 0; i < N_THREADS; i++)
    g_assert_cmpint (pthread_create (&threads[i], NULL, map_until_closed, service), ==, 0);
  g_usleep (300000);
  g_assert_cmpint (plum_service_close (service, 0, NULL, 0), ==, PLUM_SERVICE_OK);
  for (int i = 0; i < N_THREADS; i++)
    pthread_join (threads[i], NULL);
  plum_service_free (service);
}

#define TEST(path, function)                                                                       \
  g_test_add ("/service/threads/" path, ServiceFixture, NULL, service_fixture_set_up, function,    \
              service_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  TEST ("program-holds-its-lock-in-calls", test_program_lock);
  TEST ("callback-waits-for-the-program", test_callback_waits);
  TEST ("calls-from-callback", test_calls_from_callback);
  TEST ("free-from-callback", test_free_from_callback);
  TEST ("new-and-close-in-8-threads", test_new_and_close);
  TEST ("close-while-used", test_close_while_used);

  return g_test_run ();
}
