/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <glib/gstdio.h>
#include <unistd.h>

#include "test-lan.h"

/* The kernel reports changes before ip(8) exits, so there is no need to wait. */
static void
assert_changes (const char *line, int expected)
{
  TestWatch watch;

  test_watch_init (&watch);
  g_assert_true (test_lan_ip (line));
  test_watch_settle (&watch);
  g_assert_cmpint (watch.n_changes, ==, expected);
  test_watch_clear (&watch);
}

static void
test_watch_quiet (void)
{
  TestWatch watch;

  test_watch_init (&watch);
  test_watch_settle (&watch);
  g_assert_cmpint (watch.n_changes, ==, 0);
  test_watch_clear (&watch);
}

static void
test_watch_route (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  assert_changes ("route add default via 192.0.2.1", 1);
}

static void
test_watch_route_ipv6 (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  assert_changes ("route add default via fe80::1 dev wan0", 1);
}

static void
test_watch_other_table (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  assert_changes ("route add default via 192.0.2.1 table 51820", 1);
}

static void
test_watch_rule (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  assert_changes ("rule add pref 9 table 51820", 1);
  g_assert_true (test_lan_ip ("rule del pref 9"));
}

static void
test_watch_address (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  assert_changes ("addr add 192.0.2.3/24 dev wan0", 1);
}

/* A deprecated address remains, but is not used for new connections. */
static void
test_watch_address_deprecated (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  assert_changes ("addr change 2001:db8::2/64 dev wan0 preferred_lft 0", 1);
}

static void
test_watch_link_down (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  assert_changes ("link set wan0 down", 1);
}

static void
test_watch_local_table (TestLan *lan, gconstpointer family)
{
  if (!lan->ready)
    return;

  assert_changes ("route add local 192.0.2.77 dev lo table local", 0);
  g_assert_true (test_lan_ip ("route del local 192.0.2.77 dev lo table local"));
}

/* The first report of a link counts as a change, later ones only if relevant properties change. */
static void
test_watch_link_unchanged (TestLan *lan, gconstpointer family)
{
  TestWatch watch;

  if (!lan->ready)
    return;

  test_watch_init (&watch);
  g_assert_true (test_lan_ip ("link set wan0 mtu 1400"));
  test_watch_settle (&watch);
  watch.n_changes = 0;
  g_assert_true (test_lan_ip ("link set wan0 mtu 1401"));
  test_watch_settle (&watch);
  g_assert_cmpint (watch.n_changes, ==, 0);
  test_watch_clear (&watch);
}

/* Many changes in one main loop iteration cause one call, even if they overrun the socket buffer.
 */
static void
test_watch_overrun (TestLan *lan, gconstpointer family)
{
  g_autoptr (GString) batch = g_string_new (NULL);
  g_autofree char *path = NULL;
  g_autofree char *line = NULL;
  g_autoptr (GError) error = NULL;
  TestWatch watch;
  int fd;

  if (!lan->ready)
    return;

  for (guint i = 0; i < 4000; i++)
    g_string_append_printf (batch, "route add 10.%u.%u.0/24 dev wan0\n", i / 256, i % 256);
  fd = g_file_open_tmp ("plum-route-XXXXXX", &path, &error);
  g_assert_no_error (error);
  close (fd);
  g_file_set_contents (path, batch->str, (gssize) batch->len, &error);
  g_assert_no_error (error);
  line = g_strdup_printf ("-batch %s", path);

  test_watch_init (&watch);
  g_assert_true (test_lan_ip (line));
  g_unlink (path);
  g_main_context_iteration (watch.context, TRUE);
  g_assert_cmpint (watch.n_changes, ==, 1);
  test_watch_settle (&watch);
  g_assert_cmpint (watch.n_changes, ==, 1);
  test_watch_clear (&watch);
}

int
main (int argc, char *argv[])
{
  test_lan_enter_namespace ();
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func)                                                                            \
  g_test_add (path, TestLan, TEST_LAN_IPV4, test_lan_set_up, func, test_lan_tear_down)
  g_test_add_func ("/route-watch/quiet", test_watch_quiet);
  ADD ("/route-watch/route", test_watch_route);
  ADD ("/route-watch/route-ipv6", test_watch_route_ipv6);
  ADD ("/route-watch/other-table", test_watch_other_table);
  ADD ("/route-watch/rule", test_watch_rule);
  ADD ("/route-watch/address", test_watch_address);
  g_test_add ("/route-watch/address-deprecated", TestLan, TEST_LAN_IPV6, test_lan_set_up,
              test_watch_address_deprecated, test_lan_tear_down);
  ADD ("/route-watch/link-down", test_watch_link_down);
  ADD ("/route-watch/local-table", test_watch_local_table);
  ADD ("/route-watch/link-unchanged", test_watch_link_unchanged);
  ADD ("/route-watch/overrun", test_watch_overrun);
#undef ADD

  return g_test_run ();
}
