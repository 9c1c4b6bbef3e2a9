/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The router that discards a datagram. The test is the computer, a child process is the router,
 * each in its own network namespace: no packet leaves them. */

#include "hop-probe.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test-lan.h"

#define ROUTER "192.0.2.1"

static pid_t router; /* 0: namespaces are not available */
static int to_router = -1;
static int from_router = -1;

/* Requests an action of the router, and waits until it is done: 't' makes it discard packets
 * because of their TTL or because the next hop does not exist; 'u' makes it report that the
 * internet is unreachable. */
static gboolean
command (char what)
{
  char answer = 0;

  return write (to_router, &what, 1) == 1 && read (from_router, &answer, 1) == 1 && answer == 'y';
}

static gboolean
write_setting (const char *name, const char *value)
{
  g_autofree char *path = g_strconcat ("/proc/sys/net/ipv4/", name, NULL);
  FILE *file = fopen (path, "we");
  gboolean written = file != NULL && fputs (value, file) >= 0;

  return file != NULL && fclose (file) == 0 && written;
}

static gboolean
obey (char what)
{
  switch (what)
    {
    case 'n':
      return unshare (CLONE_NEWNET) == 0;
    case 'r':
      return test_lan_ip ("addr add " ROUTER "/24 dev wan1") && test_lan_ip ("link set wan1 up") &&
             write_setting ("ip_forward", "1") && write_setting ("icmp_ratelimit", "0");
    case 't':
      return test_lan_ip ("route replace default via 192.0.2.254 dev wan1");
    case 'u':
      return test_lan_ip ("route replace unreachable default");
    default:
      return FALSE;
    }
}

static void
be_router (int in, int out)
{
  char what;

  prctl (PR_SET_PDEATHSIG, SIGKILL);
  while (read (in, &what, 1) == 1)
    {
      char answer = obey (what) ? 'y' : 'n';

      if (write (out, &answer, 1) != 1)
        break;
    }
  _exit (0);
}

/* FALSE: not possible on this machine. */
static gboolean
start_router (void)
{
  g_autofree char *move = NULL;
  int forth[2], back[2];

  if (pipe (forth) != 0 || pipe (back) != 0 || (router = fork ()) < 0)
    return FALSE;
  if (router == 0)
    {
      close (forth[1]);
      be_router (forth[0], back[1]);
    }

  close (forth[0]);
  close (back[1]);
  to_router = forth[1];
  from_router = back[0];
  move = g_strdup_printf ("link set wan1 netns %d", (int) router);
  return command ('n') && test_lan_ip ("link add wan0 type veth peer name wan1") &&
         test_lan_ip (move) && test_lan_ip ("addr add 192.0.2.2/24 dev wan0") &&
         test_lan_ip ("link set wan0 up") && command ('r') &&
         test_lan_ip ("route add default via " ROUTER);
}

static void
on_warm (HopProbe *probe)
{
  *(gboolean *) probe->user_data = TRUE;
}

/* A new link loses its first packets: the address resolution is repeated only after a second. */
static void
warm_up (void)
{
  gboolean arrived = FALSE;

  for (int i = 0; i < 10 && !arrived; i++)
    {
      gboolean done = FALSE;
      HopProbe probe = { .ttl = 1, .done = on_warm, .user_data = &done };

      g_assert_true (hop_probe_start (&probe, NULL));
      while (!done)
        g_main_context_iteration (NULL, TRUE);
      arrived = probe.hop != NULL;
      hop_probe_clear (&probe);
    }
}

/* Links may be created only in a separate namespace. */
static gboolean
enter_namespace (void)
{
  g_autofree char *before = g_file_read_link ("/proc/self/ns/net", NULL);
  g_autofree char *after = NULL;

  test_lan_enter_namespace ();
  after = g_file_read_link ("/proc/self/ns/net", NULL);
  return before != NULL && after != NULL && !g_str_equal (before, after);
}

static gboolean
is_ready (void)
{
  static gboolean tried;
  static gboolean ready;

  if (!tried)
    {
      ready = enter_namespace () && start_router ();
      if (ready)
        warm_up ();
    }
  tried = TRUE;
  if (!ready)
    g_test_skip ("No network namespace, no ip(8) or no veth device here");
  return ready;
}

typedef struct
{
  gboolean done;
  guint n_sent;
} Outcome;

static void
on_done (HopProbe *probe)
{
  ((Outcome *) probe->user_data)->done = TRUE;
}

static void
on_traffic (HopProbe *probe, GSocketAddress *peer, GBytes *bytes)
{
  g_assert_cmpuint (g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (peer)), ==,
                    PLUM_HOP_SOCKET_PORT);
  g_assert_cmpuint (g_bytes_get_size (bytes), >, 0);
  ((Outcome *) probe->user_data)->n_sent++;
}

/* @expected: the hop, or NULL for none. */
static void
check_hop (guint ttl, const char *interface, const char *expected)
{
  Outcome outcome = { 0 };
  HopProbe probe = {
    .ttl = ttl,
    .done = on_done,
    .traffic = on_traffic,
    .user_data = &outcome,
  };
  g_autofree char *hop = NULL;

  g_assert_true (hop_probe_start (&probe, interface));
  while (!outcome.done)
    g_main_context_iteration (NULL, TRUE);

  hop = probe.hop != NULL ? g_inet_address_to_string (probe.hop) : NULL;
  g_assert_cmpstr (hop, ==, expected);
  g_assert_cmpuint (outcome.n_sent, ==, 1);
  hop_probe_clear (&probe);
}

static void
test_first (void)
{
  if (!is_ready ())
    return;

  g_assert_true (command ('t'));
  check_hop (1, NULL, ROUTER);
}

static void
test_by_interface (void)
{
  if (!is_ready ())
    return;

  g_assert_true (command ('t'));
  check_hop (1, "wan0", ROUTER);
}

/* The router forwards the datagram, but no host answers: the probe ends after one second. */
static void
test_no_answer (void)
{
  gint64 start = g_get_monotonic_time ();

  if (!is_ready ())
    return;

  g_assert_true (command ('t'));
  check_hop (2, NULL, NULL);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 3 * G_USEC_PER_SEC);
}

/* Other ICMP messages do not report a hop. */
static void
test_unreachable (void)
{
  if (!is_ready ())
    return;

  g_assert_true (command ('u'));
  check_hop (2, NULL, NULL);
}

static void
test_no_route (void)
{
  Outcome outcome = { 0 };
  HopProbe probe = { .ttl = 1, .done = on_done, .traffic = on_traffic, .user_data = &outcome };
  HopProbe other = probe;

  if (!is_ready ())
    return;

  g_assert_false (hop_probe_start (&probe, "nosuch0"));
  hop_probe_clear (&probe);

  g_assert_true (test_lan_ip ("route del default"));
  g_assert_false (hop_probe_start (&other, NULL));
  hop_probe_clear (&other);
  g_assert_true (test_lan_ip ("route add default via " ROUTER));
  g_assert_false (outcome.done);
  g_assert_cmpuint (outcome.n_sent, ==, 0);
}

/* The probe can be cleared before it has finished. */
static void
test_cleared (void)
{
  Outcome outcome = { 0 };
  HopProbe probe = { .ttl = 1, .done = on_done, .user_data = &outcome };

  if (!is_ready ())
    return;

  g_assert_true (hop_probe_start (&probe, NULL));
  hop_probe_clear (&probe);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_false (outcome.done);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/plumctl/hop-probe/first", test_first);
  g_test_add_func ("/plumctl/hop-probe/by-interface", test_by_interface);
  g_test_add_func ("/plumctl/hop-probe/no-answer", test_no_answer);
  g_test_add_func ("/plumctl/hop-probe/unreachable", test_unreachable);
  g_test_add_func ("/plumctl/hop-probe/no-route", test_no_route);
  g_test_add_func ("/plumctl/hop-probe/cleared", test_cleared);

  status = g_test_run ();
  if (to_router >= 0)
    close (to_router);
  if (router > 0)
    waitpid (router, NULL, 0);
  return status;
}
