/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "adversary-fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "fake-gateway.h"
#include "fake-igd.h"
#include "natpmp-backend.h"
#include "pcp-backend.h"
#include "test-syscalls.h"
#include "upnp-backend.h"

/*
 * The system fails for a while: no file descriptors, no sockets, no sending, no routes. Requests
 * fail with an error, existing mappings stay, and afterwards everything recovers.
 */

#define GATEWAY ADVERSARY_NET ".3"
#define PORT 8080

typedef struct
{
  Adversary a;
  FakeGateway *gateway; /* (nullable) */
  FakeIgd *igd;         /* (nullable) */
  struct rlimit limit;
} Fixture;

/* data: "pcp" or "upnp" */
static void
fixture_set_up (Fixture *f, gconstpointer data)
{
  adversary_set_up (&f->a, GATEWAY);
  if (g_str_equal (data, "pcp"))
    {
      f->gateway = fake_gateway_new (GATEWAY);
      plum_manager_add_backend_type (f->a.manager, PLUM_TYPE_PCP_BACKEND, "pcp", 300, NULL);
    }
  else
    {
      f->igd = fake_igd_new (GATEWAY);
      plum_manager_add_backend_type (f->a.manager, PLUM_TYPE_UPNP_BACKEND, "upnp", 100, NULL);
    }
}

static void
fixture_tear_down (Fixture *f, gconstpointer data)
{
  adversary_tear_down (&f->a);
  test_syscalls_reset ();
  g_clear_pointer (&f->gateway, fake_gateway_free);
  g_clear_pointer (&f->igd, fake_igd_free);
}

/* No further descriptor can be opened; open ones stay usable. */
static void
forbid_descriptors (Fixture *f)
{
  int next = open ("/dev/null", O_RDONLY | O_CLOEXEC);
  struct rlimit limit;

  g_assert_cmpint (next, >=, 0);
  close (next);
  g_assert_no_errno (getrlimit (RLIMIT_NOFILE, &f->limit));
  limit = f->limit;
  limit.rlim_cur = (rlim_t) next;
  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &limit));
  g_assert_cmpint (open ("/dev/null", O_RDONLY | O_CLOEXEC), <, 0);
}

static void
allow_descriptors (Fixture *f)
{
  g_assert_no_errno (setrlimit (RLIMIT_NOFILE, &f->limit));
}

/* From the start: the route cannot be determined either. */
static void
test_at_start (Fixture *f, gconstpointer data)
{
  forbid_descriptors (f);
  adversary_add_mapping (&f->a, PORT);
  test_loop_advance (&f->a.loop, 10000);
  g_assert_false (adversary_is_up (&f->a));
  allow_descriptors (f);

  test_loop_advance_until (&f->a.loop, adversary_is_up (&f->a), 600 * 1000);
}

/* A mapping stays up although renewals cannot be sent. */
static void
test_while_mapped (Fixture *f, gconstpointer data)
{
  adversary_add_mapping (&f->a, PORT);
  test_loop_advance_until (&f->a.loop, adversary_is_up (&f->a), 5000);
  adversary_expect_no_change (&f->a);

  forbid_descriptors (f);
  test_loop_advance (&f->a.loop, 5400 * 1000);
  allow_descriptors (f);
  test_loop_advance (&f->a.loop, 7200 * 1000);

  g_assert_true (adversary_is_up (&f->a));
}

/* A create call with this timeout fails with the reason, and leaves no mapping. */
static void
assert_create_fails (Fixture *f, guint timeout_ms, const char *reason)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  plum_manager_create_mapping_async (f->a.manager, PLUM_PROTOCOL_TCP, PORT, 0, timeout_ms, NULL,
                                     test_store_result, &result);
  test_loop_advance_until (&f->a.loop, result != NULL, timeout_ms + 5000);

  g_assert_null (plum_manager_create_mapping_finish (f->a.manager, result, &error));
  g_assert_nonnull (error);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, reason));
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (f->a.manager)), ==, 0);
}

static void
test_create (Fixture *f, gconstpointer data)
{
  forbid_descriptors (f);
  assert_create_fails (f, 5000, "open files");
  allow_descriptors (f);
}

/* --- System calls that fail --- */

typedef struct
{
  const char *name;
  TestSyscall call;
  int error;
  const char *reason; /* in the error message */
  const char *only;   /* (nullable): the only backend that it affects */
} Fault;

static const Fault faults[] = {
  { "no-sockets", TEST_SYSCALL_SOCKET, EACCES, "Permission denied", NULL },
#ifdef PLUM_PLATFORM_LINUX
  { "no-netlink", TEST_SYSCALL_NETLINK_SOCKET, EAFNOSUPPORT, "Cannot query the kernel for routes",
    NULL },
#endif
  { "no-buffers", TEST_SYSCALL_SEND, ENOBUFS, "No buffer space", NULL },
  { "own-firewall", TEST_SYSCALL_SEND, EPERM, "not permitted", NULL },
  { "own-firewall-for-http", TEST_SYSCALL_STREAM_SEND, EPERM, "not permitted", "upnp" },
  { "no-multicast", TEST_SYSCALL_MULTICAST_IF, ENODEV,
    "cannot search: cannot select the interface “lo”: No such device", "upnp" },
};

typedef struct
{
  const Fault *fault;
  const char *backend;
} FaultTest;

typedef struct
{
  Fixture f;
  const Fault *fault;
} FaultFixture;

static void
fault_set_up (FaultFixture *ff, gconstpointer data)
{
  const FaultTest *test = data;

  fixture_set_up (&ff->f, test->backend);
  ff->fault = test->fault;
}

static void
fault_tear_down (FaultFixture *ff, gconstpointer data)
{
  const FaultTest *test = data;

  fixture_tear_down (&ff->f, test->backend);
}

static void
set_broken (FaultFixture *ff, gboolean broken)
{
  test_syscall_fail (ff->fault->call, broken ? ff->fault->error : 0);
}

static void
test_fault_create (FaultFixture *ff, gconstpointer data)
{
  set_broken (ff, TRUE);
  assert_create_fails (&ff->f, 12000, ff->fault->reason);
  g_assert_cmpuint (test_syscall_get_count (ff->fault->call), >, 0);
}

static void
test_fault_at_start (FaultFixture *ff, gconstpointer data)
{
  Fixture *f = &ff->f;

  set_broken (ff, TRUE);
  adversary_add_mapping (&f->a, PORT);
  test_loop_advance (&f->a.loop, 20000);
  g_assert_false (adversary_is_up (&f->a));
  g_assert_nonnull (plum_mapping_get_error (f->a.mapping));
  set_broken (ff, FALSE);

  test_loop_advance_until (&f->a.loop, adversary_is_up (&f->a), 600 * 1000);
}

/* Longer than the recheck interval, and shorter than the lease after the first renewal. */
static void
test_fault_while_mapped (FaultFixture *ff, gconstpointer data)
{
  Fixture *f = &ff->f;

  adversary_add_mapping (&f->a, PORT);
  test_loop_advance_until (&f->a.loop, adversary_is_up (&f->a), 5000);
  adversary_expect_no_change (&f->a);

  set_broken (ff, TRUE);
  test_loop_advance (&f->a.loop, 5400 * 1000);
  set_broken (ff, FALSE);
  test_loop_advance (&f->a.loop, 7200 * 1000);

  g_assert_true (adversary_is_up (&f->a));
}

/* With a few descriptors left, it fails later, or not at all. */
static void
test_few (Fixture *f, gconstpointer data)
{
  guint n_failed = 0;

  for (guint n = 0; n <= 4; n++)
    {
      fixture_set_up (f, data);
      test_syscall_fail_after (TEST_SYSCALL_SOCKET, n, EMFILE);
      adversary_add_mapping (&f->a, PORT);
      test_loop_advance (&f->a.loop, 10000);

      if (!adversary_is_up (&f->a))
        {
          const GError *error = plum_mapping_get_error (f->a.mapping);

          n_failed++;
          g_assert_nonnull (error);
          g_test_message ("%u left: %s", n, error->message);
          g_assert_nonnull (strstr (error->message, "open files"));
        }

      test_syscalls_reset ();
      test_loop_advance_until (&f->a.loop, adversary_is_up (&f->a), 600 * 1000);
      fixture_tear_down (f, data);
    }

  g_assert_cmpuint (n_failed, >, 0);
}

/* A datagram that the system had no room for is sent again, like a lost one. */
static void
test_buffers_for_a_moment (Fixture *f, gconstpointer data)
{
  test_syscall_fail (TEST_SYSCALL_SEND, ENOBUFS);
  adversary_add_mapping (&f->a, PORT);
  test_loop_advance (&f->a.loop, 100);
  g_assert_cmpuint (test_syscall_get_count (TEST_SYSCALL_SEND), >, 0);
  test_syscall_fail (TEST_SYSCALL_SEND, 0);

  test_loop_advance_until (&f->a.loop, adversary_is_up (&f->a), 2500);
}

/* Without random numbers there is no key, and no mapping. */
static void
test_no_random_numbers (Fixture *f, gconstpointer data)
{
  test_syscall_fail (TEST_SYSCALL_RANDOM, ENOSYS);
  assert_create_fails (f, 5000, "no random numbers");
}

/* The machine was suspended for a day without a signal: expired leases are requested again. */
static void
test_clock_step (Fixture *f, gconstpointer data)
{
  adversary_add_mapping (&f->a, PORT);
  test_loop_advance_until (&f->a.loop, adversary_is_up (&f->a), 5000);

  plum_clock_suspend (f->a.loop.clock, 24 * G_TIME_SPAN_HOUR);
  test_loop_advance (&f->a.loop, 60 * 1000);

  g_assert_true (adversary_is_up (&f->a));
  g_assert_cmpuint (plum_mapping_get_external_port (f->a.mapping), ==, PORT);
  if (f->gateway != NULL)
    g_assert_true (fake_gateway_has_mapping (f->gateway, PLUM_PROTOCOL_TCP, PORT));
  else
    g_assert_nonnull (fake_igd_find (f->igd, PLUM_PROTOCOL_TCP, PORT));
}

#define ADD(path, backend, func)                                                                   \
  g_test_add (path, Fixture, backend, fixture_set_up, func, fixture_tear_down)

/* --- A backend without a manager --- */

static PlumCall *
ask (TestLoop *loop, GType type, const char *gateway, PlumCallKind kind)
{
  g_autoptr (GInetAddress) local = g_inet_address_new_from_string ("127.0.0.1");
  g_autoptr (GInetAddress) to = gateway != NULL ? g_inet_address_new_from_string (gateway) : NULL;
  g_autoptr (PlumNetwork) network = plum_network_new ("lo", 1, to, local, FALSE);
  g_autoptr (PlumBackend) backend = test_backend_new (type, network);
  g_autoptr (PlumRequest) request = test_request_new (PLUM_PROTOCOL_TCP, PORT, PORT, 7200, 1);
  const PlumCallArgs args = { .request = request };
  PlumCall *done = test_call (loop, backend, kind, &args, 5000);

  test_loop_settle (loop);
  return done;
}

/* A point-to-point link has no gateway. */
static void
test_point_to_point (gconstpointer data)
{
  GType type = GPOINTER_TO_SIZE (data);
  g_autoptr (PlumCall) done = NULL;
  TestLoop loop;

  test_loop_set_up (&loop, TRUE);
  done = ask (&loop, type, NULL, PLUM_CALL_DISCOVER);
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
  g_clear_object (&done);
  test_loop_tear_down (&loop);
}

/* Each method that may be called first reports that there is no socket. */
static void
test_no_socket_for (gconstpointer data)
{
  static const PlumCallKind kinds[] = {
    PLUM_CALL_DISCOVER,
    PLUM_CALL_MAP,
    PLUM_CALL_GET_EXTERNAL_ADDRESS,
  };
  GType type = GPOINTER_TO_SIZE (data);
  TestLoop loop;

  test_loop_set_up (&loop, TRUE);
  test_syscall_fail (TEST_SYSCALL_SOCKET, EMFILE);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (PlumCall) done = ask (&loop, type, GATEWAY, kinds[i]);

      g_assert_error (plum_call_get_error (done), G_IO_ERROR, G_IO_ERROR_TOO_MANY_OPEN_FILES);
    }
  test_syscalls_reset ();
  test_loop_tear_down (&loop);
}

static void
add_fault (const Fault *fault,
           const char *backend,
           const char *what,
           void (*func) (FaultFixture *, gconstpointer))
{
  static FaultTest tests[32];
  static guint n_tests;
  FaultTest *test = &tests[n_tests++];
  g_autofree char *path = g_strdup_printf ("/faults/%s/%s/%s", fault->name, backend, what);

  g_assert_cmpuint (n_tests, <=, G_N_ELEMENTS (tests));
  *test = (FaultTest){ fault, backend };
  g_test_add_vtable (path, sizeof (FaultFixture), test, (GTestFixtureFunc) fault_set_up,
                     (GTestFixtureFunc) func, (GTestFixtureFunc) fault_tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  ADD ("/faults/no-descriptors/pcp/at-start", "pcp", test_at_start);
  ADD ("/faults/no-descriptors/pcp/while-mapped", "pcp", test_while_mapped);
  ADD ("/faults/no-descriptors/pcp/create", "pcp", test_create);
  ADD ("/faults/no-descriptors/upnp/at-start", "upnp", test_at_start);
  ADD ("/faults/no-descriptors/upnp/while-mapped", "upnp", test_while_mapped);
  ADD ("/faults/no-descriptors/upnp/create", "upnp", test_create);
  g_test_add ("/faults/few-sockets/pcp", Fixture, "pcp", NULL, test_few, NULL);
  g_test_add ("/faults/few-sockets/upnp", Fixture, "upnp", NULL, test_few, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
    {
      static const char *const names[] = { "pcp", "upnp" };

      for (guint j = 0; j < G_N_ELEMENTS (names); j++)
        {
          if (faults[i].only != NULL && !g_str_equal (faults[i].only, names[j]))
            continue;
          add_fault (&faults[i], names[j], "create", test_fault_create);
          add_fault (&faults[i], names[j], "at-start", test_fault_at_start);
          add_fault (&faults[i], names[j], "while-mapped", test_fault_while_mapped);
        }
    }
  ADD ("/faults/no-buffers/pcp/for-a-moment", "pcp", test_buffers_for_a_moment);
  ADD ("/faults/no-buffers/upnp/for-a-moment", "upnp", test_buffers_for_a_moment);
  ADD ("/faults/no-random-numbers", "pcp", test_no_random_numbers);
  g_test_add_data_func ("/faults/point-to-point/pcp", GSIZE_TO_POINTER (PLUM_TYPE_PCP_BACKEND),
                        test_point_to_point);
  g_test_add_data_func ("/faults/point-to-point/natpmp",
                        GSIZE_TO_POINTER (PLUM_TYPE_NATPMP_BACKEND), test_point_to_point);
  g_test_add_data_func ("/faults/no-socket-for/natpmp", GSIZE_TO_POINTER (PLUM_TYPE_NATPMP_BACKEND),
                        test_no_socket_for);
  ADD ("/faults/clock-step/pcp", "pcp", test_clock_step);
  ADD ("/faults/clock-step/upnp", "upnp", test_clock_step);

  return g_test_run ();
}
