/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define UPNP_TEST_NET "127.77.9"

#include "upnp-fixture.h"

const char upnp_test_net[] = UPNP_TEST_NET;

/* What is said to all on the network is a hint: the router is asked, and what it answers counts. */

/* Does lo carry multicast here? Said once, by a goodbye that must make the backend ask. */
static gboolean
hears_goodbye (Fixture *f)
{
  gboolean sent = fake_igd_notify (f->igd, "ssdp:byebye");

  test_loop_settle (&f->loop);
  if (sent && f->igd->counts.get_specific == 1)
    return TRUE;

  g_test_skip ("lo carries no multicast here");
  return FALSE;
}

/* As soon as the router may be asked again. */
static void
say_goodbye_again (Fixture *f)
{
  test_loop_advance (&f->loop, 11000);
  fake_igd_notify (f->igd, "ssdp:byebye");
  test_loop_settle (&f->loop);
}

/* It still knows the port: nothing is lost. */
static void
test_hint_goodbye (Fixture *f, gconstpointer data)
{
  map_only (f, 8080);
  if (hears_goodbye (f))
    g_assert_null (f->lost);
}

static void
test_hint_restart (Fixture *f, gconstpointer data)
{
  map_only (f, 8080);
  if (!hears_goodbye (f))
    return;

  fake_igd_wipe (f->igd);
  f->igd->boot_id++;
  fake_igd_notify (f->igd, "ssdp:alive");
  /* Not asked again within 10 s, whatever comes. */
  test_loop_advance (&f->loop, 9000);
  g_assert_null (f->lost);
  test_loop_advance (&f->loop, 2000);
  g_assert_cmpstr (f->lost, ==, GATEWAY " has restarted, and it no longer has the mappings");
}

/* The ordinary life of a device: said every half hour, and no reason to ask. */
static void
test_hint_same_boot (Fixture *f, gconstpointer data)
{
  map_only (f, 8080);
  fake_igd_notify (f->igd, "ssdp:alive");
  test_loop_advance (&f->loop, 20000);
  g_assert_cmpuint (f->igd->counts.get_specific, ==, 0);
}

/* Nothing is mapped any more: nobody listens. */
static void
test_hint_without_mapping (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);

  unmap_port (f, lease);
  fake_igd_notify (f->igd, "ssdp:byebye");
  test_loop_advance (&f->loop, 20000);
  g_assert_cmpuint (f->igd->counts.get_specific, ==, 0);
}

#define BYE GATEWAY " has announced its departure, and "

static void
test_hint_refused (Fixture *f, gconstpointer data)
{
  map_only (f, 8080);
  if (!hears_goodbye (f))
    return;

  fake_igd_stop_http (f->igd);
  say_goodbye_again (f);
  g_assert_cmpstr (f->lost, ==, BYE "it refuses connections to its control port");
}

static void
test_hint_not_found (Fixture *f, gconstpointer data)
{
  map_only (f, 8080);
  if (!hears_goodbye (f))
    return;

  f->igd->switches.no_control = TRUE;
  say_goodbye_again (f);
  g_assert_cmpstr (f->lost, ==, BYE "its control URL no longer exists");
}

static void
test_hint_anothers (Fixture *f, gconstpointer data)
{
  map_only (f, 8080);
  if (!hears_goodbye (f))
    return;

  fake_igd_add_entry (f->igd, PLUM_PROTOCOL_TCP, 8080, 8080, STRANGER, 0);
  say_goodbye_again (f);
  g_assert_cmpstr (f->lost, ==, BYE "one of the external ports belongs to another host");
}

/* One that gives no answer may only be busy: its check, or the renewal, will tell. */
static void
test_hint_silent (Fixture *f, gconstpointer data)
{
  map_only (f, 8080);
  if (!hears_goodbye (f))
    return;

  f->igd->switches.http_silent = TRUE;
  say_goodbye_again (f);
  test_loop_advance (&f->loop, 10000);
  g_assert_cmpuint (f->igd->counts.get_specific, ==, 2);
  g_assert_null (f->lost);
}

/* One that does not show its table says nothing of the port. */
static void
test_hint_unclear (Fixture *f, gconstpointer data)
{
  map_only (f, 8080);
  if (!hears_goodbye (f))
    return;

  f->igd->switches.specific_fault = 606;
  say_goodbye_again (f);
  g_assert_cmpuint (f->igd->counts.get_specific, ==, 2);
  g_assert_null (f->lost);
}

/* It tells no other number of boots, but is to be found elsewhere. */
static void
test_hint_moved (Fixture *f, gconstpointer data)
{
  map_only (f, 8080);
  if (!hears_goodbye (f))
    return;

  fake_igd_restart (f->igd);
  f->igd->boot_id--;
  test_loop_advance (&f->loop, 11000);
  fake_igd_notify (f->igd, "ssdp:alive");
  test_loop_settle (&f->loop);
  g_assert_cmpstr (f->lost, ==,
                   GATEWAY " has announced another description, and it refuses connections to "
                           "its control port");
}

/* Another device says goodbye for itself. */
static void
test_hint_of_another (Fixture *f, gconstpointer data)
{
  FakeIgd *other = fake_igd_new (OTHER);

  map_only (f, 8080);
  fake_igd_notify (other, "ssdp:byebye");
  test_loop_advance (&f->loop, 20000);
  g_assert_cmpuint (f->igd->counts.get_specific, ==, 0);
  fake_igd_free (other);
}

/* The port is given back while the router is being asked, and while it is to be asked again: the
 * tear-down looks whether anything stays. */
static void
test_hint_then_unmap (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);

  if (!hears_goodbye (f))
    return;

  test_loop_advance (&f->loop, 11000);
  f->igd->switches.delay_ms = 1500;
  fake_igd_notify (f->igd, "ssdp:byebye");
  test_loop_settle (&f->loop);
  fake_igd_notify (f->igd, "ssdp:byebye");
  test_loop_settle (&f->loop);
  unmap_port (f, lease);
  test_loop_advance (&f->loop, 20000);
  g_assert_cmpuint (f->igd->counts.get_specific, ==, 2);
  g_assert_null (f->lost);
}

static const UpnpTest tests[] = {
  { "hint/goodbye", { 0 }, test_hint_goodbye },
  { "hint/restart", { 0 }, test_hint_restart },
  { "hint/same-boot", { 0 }, test_hint_same_boot },
  { "hint/without-mapping", { 0 }, test_hint_without_mapping },
  { "hint/refused", { 0 }, test_hint_refused },
  { "hint/not-found", { 0 }, test_hint_not_found },
  { "hint/anothers", { 0 }, test_hint_anothers },
  { "hint/silent", { 0 }, test_hint_silent },
  { "hint/unclear", { 0 }, test_hint_unclear },
  { "hint/moved",
    { .notify_target = "urn:schemas-upnp-org:device:InternetGatewayDevice:1" },
    test_hint_moved },
  { "hint/of-another-device", { 0 }, test_hint_of_another },
  { "hint/then-unmap", { 0 }, test_hint_then_unmap },
};

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    upnp_test_add (&tests[i]);

  return g_test_run ();
}
