/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gio/gio.h>

#include "plum-metered-private.h"
#include "plum-route-poll-private.h"
#include "test-lan.h"

/* Changes are found by comparing addresses. The tests do not wait for the time of the next
 * comparison: they check it, and set it to now. */

typedef struct
{
  TestLan lan;
  TestWatch watch;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  test_lan_set_up (&f->lan, TEST_LAN_IPV4);
  if (f->lan.ready)
    test_watch_init (&f->watch);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  if (f->lan.ready)
    test_watch_clear (&f->watch);
  test_lan_tear_down (&f->lan, TEST_LAN_IPV4);
}

/* Until the next comparison. */
static gint64
get_wait (Fixture *f)
{
  return g_source_get_ready_time (f->watch.source) - g_get_monotonic_time ();
}

static void
assert_after_poll (Fixture *f, int expected)
{
  f->watch.n_changes = 0;
  g_source_set_ready_time (f->watch.source, 0);
  test_watch_settle (&f->watch);
  g_assert_cmpint (f->watch.n_changes, ==, expected);
  g_assert_cmpint (get_wait (f), >, 0);
}

static void
test_interval (Fixture *f, gconstpointer data)
{
  if (!f->lan.ready)
    return;

  g_assert_cmpint (get_wait (f), >, 0);
  g_assert_cmpint (get_wait (f), <=, PLUM_ROUTE_POLL_MS * 1000);
  test_watch_settle (&f->watch);
  g_assert_cmpint (f->watch.n_changes, ==, 0);
  assert_after_poll (f, 0);
  g_assert_cmpint (get_wait (f), <=, PLUM_ROUTE_POLL_MS * 1000);
}

static void
test_changes (Fixture *f, gconstpointer data)
{
  static const char *const lines[] = {
    "addr add 198.51.100.2/24 dev wan0",
    "addr del 198.51.100.2/24 dev wan0",
    "addr add 198.51.100.2/25 dev wan0",
    "addr add 2001:db8::2/64 dev wan0 nodad",
    "addr add 203.0.113.2/24 dev lo",
    "route add default via 192.0.2.1",
    "route replace default via 192.0.2.1 src 198.51.100.2",
    "route del default",
    "link set wan0 down",
    "link set wan0 up",
    "addr del 203.0.113.2/24 dev lo",
  };

  if (!f->lan.ready)
    return;

  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_test_message ("%s", lines[i]);
      g_assert_true (test_lan_ip (lines[i]));
      assert_after_poll (f, 1);
      assert_after_poll (f, 0);
    }
}

/* A change that is undone before the comparison is not reported. */
static void
test_undone (Fixture *f, gconstpointer data)
{
  if (!f->lan.ready)
    return;

  g_assert_true (test_lan_ip ("addr add 198.51.100.2/24 dev wan0"));
  g_assert_true (test_lan_ip ("addr del 198.51.100.2/24 dev wan0"));
  assert_after_poll (f, 0);
}

static void
emit_changed (void)
{
  g_signal_emit_by_name (plum_metered_get_monitor (), "network-changed", TRUE);
}

/* The signal of the monitor only brings the comparison forward. */
static void
test_monitor (Fixture *f, gconstpointer data)
{
  if (!f->lan.ready)
    return;

  emit_changed ();
  g_assert_cmpint (g_source_get_ready_time (f->watch.source), ==, 0);
  test_watch_settle (&f->watch);
  g_assert_cmpint (f->watch.n_changes, ==, 0);
  g_assert_cmpint (get_wait (f), >, 0);

  g_assert_true (test_lan_ip ("addr add 198.51.100.2/24 dev wan0"));
  emit_changed ();
  test_watch_settle (&f->watch);
  g_assert_cmpint (f->watch.n_changes, ==, 1);
}

static gpointer
emit_often (gpointer data)
{
  for (guint i = 0; i < 2000; i++)
    emit_changed ();
  return NULL;
}

/* The context of the monitor may run in another thread than that of the source. */
static void
test_monitor_in_thread (Fixture *f, gconstpointer data)
{
  GThread *thread;

  if (!f->lan.ready)
    return;

  g_assert_nonnull (plum_metered_get_monitor ());
  thread = g_thread_new ("monitor", emit_often, NULL);
  for (guint i = 0; i < 50; i++)
    {
      TestWatch watch;

      test_watch_init (&watch);
      test_watch_settle (&watch);
      test_watch_clear (&watch);
    }
  g_thread_join (thread);
}

int
main (int argc, char *argv[])
{
  test_lan_enter_namespace ();
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func) g_test_add ("/route-poll/" path, Fixture, NULL, set_up, func, tear_down)
  ADD ("interval", test_interval);
  ADD ("changes", test_changes);
  ADD ("undone", test_undone);
  ADD ("monitor", test_monitor);
  ADD ("monitor-in-thread", test_monitor_in_thread);
#undef ADD

  return g_test_run ();
}
