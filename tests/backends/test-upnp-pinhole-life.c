/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define UPNP_TEST_NET "127.77.7"

#include "upnp-fixture.h"

#include <string.h>

const char upnp_test_net[] = UPNP_TEST_NET;

static void
assert_maps (Fixture *f)
{
  g_autoptr (PlumCall) done = map_call (f, 8080, 8080, LIFETIME);

  g_assert_no_error (plum_call_get_error (done));
  assert_lease (plum_call_get_lease (done), 8080, LIFETIME, TEST_LINK_CLIENT);
}

/* -- Renewal -- */

static void
test_renew (Fixture *f, gconstpointer data)
{
  gint64 end;

  map_only (f, 8080);
  end = fake_igd_find_pinhole (f->igd, PLUM_PROTOCOL_TCP, 8080)->end;
  test_loop_advance (&f->loop, 3600 * 1000);
  assert_maps (f);
  g_assert_cmpuint (f->igd->counts.add_pinhole, ==, 1);
  g_assert_cmpuint (f->igd->counts.update_pinhole, ==, 1);
  g_assert_cmpint (fake_igd_find_pinhole (f->igd, PLUM_PROTOCOL_TCP, 8080)->end, ==,
                   end + G_GINT64_CONSTANT (3600) * G_USEC_PER_SEC);
}

/* The pinhole is opened again, whichever fault the router sends for an unknown number. */
static void
test_renew_gone (Fixture *f, gconstpointer data)
{
  map_only (f, 8080);
  fake_igd_wipe (f->igd);
  assert_maps (f);
  g_assert_cmpuint (f->igd->counts.update_pinhole, ==, 1);
  g_assert_cmpuint (f->igd->counts.add_pinhole, ==, 2);
  g_assert_cmpuint (fake_igd_n_pinholes (f->igd), ==, 1);

  /* The new number is used. */
  assert_maps (f);
  g_assert_cmpuint (f->igd->counts.add_pinhole, ==, 2);
}

/* After a restart, the number belongs to another host. */
static void
test_renew_taken_over (Fixture *f, gconstpointer data)
{
  FakeIgdPinhole *pinhole;

  map_only (f, 8080);
  pinhole = fake_igd_find_pinhole (f->igd, PLUM_PROTOCOL_TCP, 8080);
  g_free (pinhole->client);
  pinhole->client = g_strdup (TEST_LINK_CLIENT2);
  pinhole->port = 22;
  assert_maps (f);
  g_assert_cmpuint (fake_igd_n_pinholes (f->igd), ==, 2);
}

/* A router without UpdatePinhole extends the pinhole when it is added again. */
static void
test_renew_by_adding (Fixture *f, gconstpointer data)
{
  map_only (f, 8080);
  assert_maps (f);
  g_assert_cmpuint (f->igd->counts.add_pinhole, ==, 2);
  g_assert_cmpuint (fake_igd_n_pinholes (f->igd), ==, 1);
}

/* An action that is missing is answered without SOAP by some routers (quirk 36). */
static const guint missing[] = { 404, 405, 410, 501 };

static void
lack_update (const char *request, guint *status, GString *body, gpointer data)
{
  const guint *missing_status = data;

  if (strstr (request, "#UpdatePinhole\"") == NULL)
    return;

  *status = *missing_status;
  g_string_truncate (body, 0);
}

static void
test_renew_not_found (Fixture *f, gconstpointer data)
{
  for (gsize i = 0; i < G_N_ELEMENTS (missing); i++)
    {
      guint adds = f->igd->counts.add_pinhole;

      renew_backend (f);
      f->igd->counts.get_firewall = 0;
      f->igd->edit = lack_update;
      f->igd->edit_data = (gpointer) &missing[i];
      map_only (f, 8080);
      assert_maps (f);
      assert_maps (f);
      g_assert_cmpuint (f->igd->counts.add_pinhole - adds, ==, 3);
      g_assert_cmpuint (fake_igd_n_pinholes (f->igd), ==, 1);
      g_assert_null (f->lost);
    }
}

/* The control URL no longer exists: no action is answered. */
static void
test_renew_lost (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  map_only (f, 8080);
  f->igd->switches.no_control = TRUE;
  done = map_call (f, 8080, 8080, LIFETIME);
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_MALFORMED);
  g_assert_cmpstr (f->lost, ==, TEST_LINK_ROUTER " answers HTTP 404 for its control URL");
}

/* An update was answered before: the router has the action, and its control URL is gone. */
static void
test_renew_not_found_later (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  map_only (f, 8080);
  assert_maps (f);
  f->igd->edit = lack_update;
  f->igd->edit_data = (gpointer) &missing[0];
  done = map_call (f, 8080, 8080, LIFETIME);
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_MALFORMED);
  g_assert_cmpstr (f->lost, ==, TEST_LINK_ROUTER " answers HTTP 404 for its control URL");
}

/* -- Unmap -- */

static void
test_unmap (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);

  unmap_port (f, lease);
  g_assert_cmpuint (fake_igd_n_pinholes (f->igd), ==, 0);
  g_assert_cmpuint (f->igd->counts.add_pinhole, ==, 1);
  g_assert_cmpuint (f->igd->counts.delete_pinhole, ==, 1);
}

static void
test_unmap_gone (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);

  fake_igd_wipe (f->igd);
  unmap_port (f, lease);
}

static void
test_unmap_refused (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);
  g_autoptr (PlumCall) done = lease_call (f, PLUM_CALL_UNMAP, lease);

  g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_REFUSED);
  g_assert_cmpstr (plum_call_get_error (done)->message, ==,
                   "UPnP: " TEST_LINK_ROUTER " refused DeletePinhole (error 606, "
                   "ActionNotAuthorized): the pinhole expires by itself");
}

static void
test_unmap_nothing_requested (Fixture *f, gconstpointer data)
{
  discover (f);
  unmap_port (f, NULL);
  g_assert_cmpuint (f->igd->counts.add_pinhole, ==, 0);
  g_assert_cmpuint (f->igd->counts.delete_pinhole, ==, 0);
}

/* The answer was lost: the router reports the number when the pinhole is added again. */
static void
test_unmap_unconfirmed (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) failed = NULL;

  discover (f);
  f->igd->switches.http_silent = TRUE;
  failed = map_call (f, 8080, 8080, LIFETIME);
  g_assert_error (plum_call_get_error (failed), PLUM_ERROR, PLUM_ERROR_TIMED_OUT);
  g_assert_cmpuint (fake_igd_n_pinholes (f->igd), ==, 1);

  f->igd->switches.http_silent = FALSE;
  unmap_port (f, NULL);
  g_assert_cmpuint (fake_igd_n_pinholes (f->igd), ==, 0);
}

/* Another process after a crash: it has only the lease, without a discovery. */
static void
test_unmap_by_lease_alone (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);

  renew_backend (f);
  unmap_port (f, lease);
  g_assert_cmpuint (fake_igd_n_pinholes (f->igd), ==, 0);
}

/* The program crashed before it recorded the answer: the lease has no token. */
static void
test_unmap_without_token (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = plum_lease_new (NULL, 8080, LIFETIME, NULL);

  map_only (f, 8080);
  renew_backend (f);
  discover (f);
  unmap_port (f, lease);
  g_assert_cmpuint (fake_igd_n_pinholes (f->igd), ==, 0);
}

/* The router has restarted, and the number belongs to another pinhole of this host. */
static void
test_unmap_by_lease_old_number (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);
  g_autoptr (PlumCall) other = NULL;

  fake_igd_wipe (f->igd);
  f->igd->next_unique_id = 1;
  other = map_call (f, 9999, 9999, LIFETIME);
  g_assert_cmpuint (fake_igd_find_pinhole (f->igd, PLUM_PROTOCOL_TCP, 9999)->unique_id, ==, 1);

  g_clear_object (&other);
  renew_backend (f);
  unmap_port (f, lease);
  g_assert_nonnull (fake_igd_find_pinhole (f->igd, PLUM_PROTOCOL_TCP, 9999));
  g_assert_null (fake_igd_find_pinhole (f->igd, PLUM_PROTOCOL_TCP, 8080));
}

/* A forged or invalid token: its host is not contacted. */
static void
test_unmap_forged_token (Fixture *f, gconstpointer data)
{
  static const struct
  {
    const char *host;
    const char *type;
    int unique_id;
  } cases[] = {
    { "2001:db8:1::1", "urn:schemas-upnp-org:service:WANIPv6FirewallControl:1", 1 },
    { "192.0.2.1", "urn:schemas-upnp-org:service:WANIPv6FirewallControl:1", 1 },
    { TEST_LINK_ROUTER, "urn:schemas-upnp-org:service:WANIPConnection:1", 1 },
    { TEST_LINK_ROUTER, "urn:schemas-upnp-org:service:WANIPv6FirewallControl:1", 65536 },
    { TEST_LINK_ROUTER, "urn:schemas-upnp-org:service:WANIPv6FirewallControl:1", -2 },
    { "router", "urn:schemas-upnp-org:service:WANIPv6FirewallControl:1", 1 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      GVariant *token =
        g_variant_new ("(sqssi)", cases[i].host, 80, "/", cases[i].type, cases[i].unique_id);
      g_autoptr (PlumLease) lease = plum_lease_new (NULL, 8080, 60, token);
      g_autoptr (PlumCall) done = lease_call (f, PLUM_CALL_UNMAP, lease);

      g_assert_error (plum_call_get_error (done), PLUM_ERROR, PLUM_ERROR_NO_GATEWAY);
    }
}

/* -- Check -- */

/* The check sends an update with the lease of the pinhole. */
static void
test_check (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);

  assert_check (f, lease, -1);
  g_assert_cmpuint (fake_igd_find_pinhole (f->igd, PLUM_PROTOCOL_TCP, 8080)->lease, ==, LIFETIME);
}

static void
test_check_gone (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);

  fake_igd_wipe (f->igd);
  assert_check (f, lease, PLUM_ERROR_DESTROYED);

  /* The pinhole no longer exists: the next request opens it at once. */
  assert_maps (f);
  g_assert_cmpuint (f->igd->counts.update_pinhole, ==, 1);
}

static void
test_check_firewall_on (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);

  f->igd->switches.update_fault = 703;
  assert_check (f, lease, PLUM_ERROR_DESTROYED);
}

/* Without a firewall, the port is open. */
static void
test_check_off (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);

  f->igd->switches.update_fault = 702;
  assert_check (f, lease, -1);
}

/* A router that refuses the query gives no result. */
static void
test_check_unknown (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);

  assert_check (f, lease, PLUM_ERROR_NOT_SUPPORTED);
}

static void
test_check_not_found (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);

  f->igd->edit = lack_update;
  for (gsize i = 0; i < G_N_ELEMENTS (missing); i++)
    {
      f->igd->edit_data = (gpointer) &missing[i];
      assert_check (f, lease, PLUM_ERROR_NOT_SUPPORTED);
      g_assert_null (f->lost);
    }
}

/* Without an answer to any action, the router is lost, although an update was never answered. */
static void
test_check_lost (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);

  f->igd->switches.no_control = TRUE;
  assert_check (f, lease, PLUM_ERROR_MALFORMED);
  g_assert_cmpstr (f->lost, ==, TEST_LINK_ROUTER " answers HTTP 404 for its control URL");
}

static void
test_check_of_another_process (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);

  renew_backend (f);
  assert_check (f, lease, PLUM_ERROR_NOT_SUPPORTED);
  g_assert_cmpuint (f->igd->counts.update_pinhole, ==, 0);
}

/* -- Loss -- */

static void
test_lost_refused (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);
  g_autoptr (PlumCall) done = NULL;

  fake_igd_stop_http (f->igd);
  done = lease_call (f, PLUM_CALL_CHECK, lease);
  g_assert_error (plum_call_get_error (done), G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
  g_assert_cmpstr (f->lost, ==, TEST_LINK_ROUTER " refuses connections to its control port");
}

/* The router returns on another port: one loss and one discovery suffice. */
static void
test_lost_and_found (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) failed = NULL;

  map_only (f, 8080);
  fake_igd_restart (f->igd);
  failed = map_call (f, 8080, 8080, LIFETIME);
  g_assert_nonnull (plum_call_get_error (failed));
  g_assert_nonnull (f->lost);

  discover (f);
  assert_maps (f);
  g_assert_cmpuint (f->igd->counts.add_pinhole, ==, 2);
  g_assert_cmpuint (fake_igd_n_pinholes (f->igd), ==, 1);
}

/* -- Hints -- */

static void
test_hint_lost (Fixture *f, gconstpointer data)
{
  map_only (f, 8080);
  fake_igd_wipe (f->igd);
  g_assert_true (fake_igd_notify (f->igd, "ssdp:byebye"));
  test_loop_settle (&f->loop);
  g_assert_cmpstr (f->lost, ==,
                   TEST_LINK_ROUTER
                   " has announced its departure, and it no longer has the mappings");
}

/* A forged byebye message: the router has the pinhole, with its full lease. */
static void
test_hint_false (Fixture *f, gconstpointer data)
{
  map_only (f, 8080);
  g_assert_true (fake_igd_notify (f->igd, "ssdp:byebye"));
  test_loop_settle (&f->loop);
  g_assert_cmpuint (f->igd->counts.update_pinhole, ==, 1);
  g_assert_cmpuint (fake_igd_find_pinhole (f->igd, PLUM_PROTOCOL_TCP, 8080)->lease, ==, LIFETIME);
  g_assert_null (f->lost);
}

static void
test_hint_taken_over (Fixture *f, gconstpointer data)
{
  FakeIgdPinhole *pinhole;

  map_only (f, 8080);
  pinhole = fake_igd_find_pinhole (f->igd, PLUM_PROTOCOL_TCP, 8080);
  g_free (pinhole->client);
  pinhole->client = g_strdup (TEST_LINK_CLIENT2);
  g_assert_true (fake_igd_notify (f->igd, "ssdp:byebye"));
  test_loop_settle (&f->loop);
  g_assert_cmpstr (f->lost, ==,
                   TEST_LINK_ROUTER
                   " has announced its departure, and one of the pinholes belongs to another host");
}

static void
assert_hint_loses (Fixture *f, const char *reason)
{
  g_assert_true (fake_igd_notify (f->igd, "ssdp:byebye"));
  test_loop_settle (&f->loop);
  g_assert_cmpstr (f->lost, ==, reason);
}

static void
test_hint_refused (Fixture *f, gconstpointer data)
{
  map_only (f, 8080);
  fake_igd_stop_http (f->igd);
  assert_hint_loses (f, TEST_LINK_ROUTER
                     " has announced its departure, and it refuses connections to its control "
                     "port");
}

static void
test_hint_not_found (Fixture *f, gconstpointer data)
{
  map_only (f, 8080);
  f->igd->switches.no_control = TRUE;
  assert_hint_loses (f, TEST_LINK_ROUTER
                     " has announced its departure, and its control URL no longer exists");
}

/* A router without UpdatePinhole gives no information about the pinhole. */
static void
test_hint_unclear (Fixture *f, gconstpointer data)
{
  map_only (f, 8080);
  assert_hint_loses (f, NULL);
  g_assert_cmpuint (f->igd->counts.update_pinhole, ==, 1);
}

static void
test_hint_missing_action (Fixture *f, gconstpointer data)
{
  map_only (f, 8080);
  f->igd->edit = lack_update;
  f->igd->edit_data = (gpointer) &missing[0];
  assert_hint_loses (f, NULL);
  g_assert_cmpuint (f->igd->counts.update_pinhole, ==, 1);
}

/* Without a pinhole, announcements are ignored. */
static void
test_hint_without_pinhole (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);

  unmap_port (f, lease);
  fake_igd_notify (f->igd, "ssdp:byebye");
  test_loop_advance (&f->loop, 20000);
  g_assert_cmpuint (f->igd->counts.update_pinhole, ==, 0);
}

/* -- Address and list -- */

static void
test_address (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;
  g_autofree char *text = NULL;

  discover (f);
  done = call (f, PLUM_CALL_GET_EXTERNAL_ADDRESS, NULL);
  g_assert_no_error (plum_call_get_error (done));
  text = g_inet_address_to_string (plum_call_get_address (done));
  g_assert_cmpstr (text, ==, TEST_LINK_CLIENT);
  g_assert_cmpuint (f->igd->counts.get_address, ==, 0);
}

static void
test_no_list (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumEntry) entry = plum_entry_new (PLUM_PROTOCOL_TCP, 80, 80, NULL, NULL, 60, TRUE);
  const PlumCallArgs args = { NULL, NULL, entry };
  g_autoptr (PlumCall) list = NULL;
  g_autoptr (PlumCall) delete = NULL;

  discover (f);
  list = call (f, PLUM_CALL_LIST, NULL);
  g_assert_error (plum_call_get_error (list), PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
  delete = call (f, PLUM_CALL_DELETE_ENTRY, &args);
  g_assert_error (plum_call_get_error (delete), PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
}

/* -- Deletion by port -- */

static GError *
delete_pinhole (Fixture *f, guint port, const char *client)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (client);
  g_autoptr (PlumEntry) entry =
    plum_entry_new (PLUM_PROTOCOL_TCP, port, port, address, NULL, 60, TRUE);
  const PlumCallArgs args = { NULL, NULL, entry };
  g_autoptr (PlumCall) done = call (f, PLUM_CALL_DELETE_ENTRY, &args);

  return plum_call_get_error (done) != NULL ? g_error_copy (plum_call_get_error (done)) : NULL;
}

static void
test_delete_held (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  map_only (f, 8080);
  error = delete_pinhole (f, 8080, TEST_LINK_CLIENT);
  g_assert_no_error (error);
  g_assert_cmpuint (fake_igd_n_pinholes (f->igd), ==, 0);
  g_assert_cmpuint (f->igd->counts.add_pinhole, ==, 1);
}

/* A former process opened it. */
static void
test_delete_of_former_process (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  map_only (f, 8080);
  renew_backend (f);
  discover (f);
  error = delete_pinhole (f, 8080, TEST_LINK_CLIENT);
  g_assert_no_error (error);
  g_assert_cmpuint (fake_igd_n_pinholes (f->igd), ==, 0);
}

static void
test_delete_of_stranger (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  map_only (f, 8080);
  error = delete_pinhole (f, 8080, "2001:db8::99");
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
  g_assert_cmpuint (fake_igd_n_pinholes (f->igd), ==, 1);
}

static const UpnpTest tests[] = {
  { "delete/held", { 0 }, test_delete_held },
  { "delete/of-former-process", { 0 }, test_delete_of_former_process },
  { "delete/of-stranger", { 0 }, test_delete_of_stranger },
  { "renew", { 0 }, test_renew },
  { "renew-gone", { 0 }, test_renew_gone },
  { "renew-gone-402", { .unknown_id_fault = 402 }, test_renew_gone },
  { "renew-taken-over", { 0 }, test_renew_taken_over },
  { "renew-by-adding", { .update_fault = 602 }, test_renew_by_adding },
  { "renew-by-adding-501", { .update_fault = 501 }, test_renew_by_adding },
  { "renew-not-found", { .update_fault = 602 }, test_renew_not_found },
  { "renew-not-found-later", { 0 }, test_renew_not_found_later },
  { "renew-lost", { 0 }, test_renew_lost },
  { "unmap", { 0 }, test_unmap },
  { "unmap-gone", { 0 }, test_unmap_gone },
  { "unmap-gone-402", { .unknown_id_fault = 402 }, test_unmap_gone },
  { "unmap-refused", { .close_fault = 606 }, test_unmap_refused },
  { "unmap-nothing-requested", { 0 }, test_unmap_nothing_requested },
  { "unmap-unconfirmed", { 0 }, test_unmap_unconfirmed },
  { "unmap-by-lease-alone", { 0 }, test_unmap_by_lease_alone },
  { "unmap-without-token", { 0 }, test_unmap_without_token },
  { "unmap-by-lease-old-number", { 0 }, test_unmap_by_lease_old_number },
  { "unmap-forged-token", { 0 }, test_unmap_forged_token },
  { "check", { 0 }, test_check },
  { "check-gone", { 0 }, test_check_gone },
  { "check-gone-402", { .unknown_id_fault = 402 }, test_check_gone },
  { "check-firewall-on", { 0 }, test_check_firewall_on },
  { "check-off", { 0 }, test_check_off },
  { "check-unknown", { .update_fault = 501 }, test_check_unknown },
  { "check-not-found", { .update_fault = 602 }, test_check_not_found },
  { "check-lost", { 0 }, test_check_lost },
  { "check-of-another-process", { 0 }, test_check_of_another_process },
  { "lost-refused", { 0 }, test_lost_refused },
  { "lost-and-found", { 0 }, test_lost_and_found },
  { "hint-lost", { 0 }, test_hint_lost },
  { "hint-false", { 0 }, test_hint_false },
  { "hint-taken-over", { 0 }, test_hint_taken_over },
  { "hint-lost-402", { .unknown_id_fault = 402 }, test_hint_lost },
  { "hint-refused", { 0 }, test_hint_refused },
  { "hint-not-found", { 0 }, test_hint_not_found },
  { "hint-unclear", { .update_fault = 602 }, test_hint_unclear },
  { "hint-missing-action", { 0 }, test_hint_missing_action },
  { "hint-without-pinhole", { 0 }, test_hint_without_pinhole },
  { "address", { 0 }, test_address },
  { "no-list", { 0 }, test_no_list },
};

int
main (int argc, char *argv[])
{
  return upnp_test_run_ipv6 (argc, argv, tests, G_N_ELEMENTS (tests));
}
