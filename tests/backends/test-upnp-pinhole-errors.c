/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define UPNP_TEST_NET "127.77.8"

#include "upnp-fixture.h"

#define MAY_REMAIN "a pinhole for port 8080 may remain on the router for up to 7200 s"

const char upnp_test_net[] = UPNP_TEST_NET;

/* A router that fails after it was found: each action on its IPv6 firewall ends with an error that
 * names the action and the answer. */

#define LOGIN(action) "UPnP: " TEST_LINK_ROUTER " requires a login for " action " (HTTP 401)"
#define REFUSED(action, reason) "UPnP: " TEST_LINK_ROUTER " refused " action " (" reason ")"

static void
assert_error (PlumCall *done, PlumError code, const char *message)
{
  g_assert_error (plum_call_get_error (done), PLUM_ERROR, (int) code);
  g_assert_cmpstr (plum_call_get_error (done)->message, ==, message);
}

static void
assert_hangs_up (PlumCall *done, const char *action)
{
  const GError *error = plum_call_get_error (done);
  g_autofree char *beginning = g_strdup_printf ("UPnP: %s: %s port ", action, TEST_LINK_ROUTER);

  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
  g_test_message ("%s", error->message);
  g_assert_true (g_str_has_prefix (error->message, beginning));
  g_assert_true (
    g_str_has_suffix (error->message, ": the connection was closed without an answer"));
}

/* -- Open -- */

static void
test_map_login (Fixture *f, gconstpointer data)
{
  assert_map_fails (f, 8080, PLUM_ERROR_REFUSED, LOGIN ("AddPinhole") "; " MAY_REMAIN);
}

/* The firewall was off: its state is read first. */
static void
test_map_state_cut_off (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumCall) done = NULL;

  discover (f);
  f->igd->switches.hang_up_on = "GetFirewallStatus";
  done = map_call (f, 8080, 8080, LIFETIME);
  assert_hangs_up (done, "GetFirewallStatus");
}

/* A router that does not report the state is treated as if its firewall were on. */
static void
test_map_state_refused (Fixture *f, gconstpointer data)
{
  discover (f);
  f->igd->switches.firewall_off = FALSE;
  f->igd->switches.firewall_fault = 501;
  map_only (f, 8080);
  g_assert_cmpuint (fake_igd_n_pinholes (f->igd), ==, 1);
}

/* HTTP 500 without a reason, to every form of the request. */
static void
test_map_bare_fault (Fixture *f, gconstpointer data)
{
  assert_map_fails (
    f, 8080, PLUM_ERROR_REFUSED,
    REFUSED ("AddPinhole",
             "HTTP 500 without a reason") ": check whether hosts may open the "
                                          "firewall in the router's settings; " MAY_REMAIN);
}

/* -- Close -- */

static void
test_unmap_cut_off (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);
  g_autoptr (PlumCall) done = lease_call (f, PLUM_CALL_UNMAP, lease);

  assert_hangs_up (done, "DeletePinhole");
}

static void
test_unmap_login (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);
  g_autoptr (PlumCall) done = lease_call (f, PLUM_CALL_UNMAP, lease);

  assert_error (done, PLUM_ERROR_REFUSED, LOGIN ("DeletePinhole"));
}

static void
test_unmap_bare_fault (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);
  g_autoptr (PlumCall) done = NULL;

  f->igd->switches.bare_faults = TRUE;
  done = lease_call (f, PLUM_CALL_UNMAP, lease);
  assert_error (done, PLUM_ERROR_REFUSED,
                REFUSED ("DeletePinhole",
                         "HTTP 500 without a reason") ": the pinhole expires by itself");
}

/* The lease of another process: the number of its pinhole is read first. */
static void
test_find_number_login (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);
  g_autoptr (PlumCall) done = NULL;

  renew_backend (f);
  f->igd->switches.login_for = "AddPinhole";
  done = lease_call (f, PLUM_CALL_UNMAP, lease);
  assert_error (done, PLUM_ERROR_REFUSED, LOGIN ("AddPinhole"));
}

static void
test_find_number_cut_off (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);
  g_autoptr (PlumCall) done = NULL;

  renew_backend (f);
  f->igd->switches.hang_up_on = "AddPinhole";
  done = lease_call (f, PLUM_CALL_UNMAP, lease);
  assert_hangs_up (done, "AddPinhole");
}

static void
test_find_number_refused (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);
  g_autoptr (PlumCall) done = NULL;

  renew_backend (f);
  f->igd->switches.pinhole_fault = 701;
  done = lease_call (f, PLUM_CALL_UNMAP, lease);
  assert_error (done, PLUM_ERROR_NOT_SUPPORTED,
                REFUSED ("AddPinhole",
                         "error 701, PinholeSpaceExhausted") ": the pinhole expires by itself");
}

static void
test_find_number_nothing (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);
  g_autoptr (PlumCall) done = NULL;

  renew_backend (f);
  f->igd->switches.no_unique_id = TRUE;
  done = lease_call (f, PLUM_CALL_UNMAP, lease);
  assert_error (done, PLUM_ERROR_NOT_SUPPORTED,
                REFUSED ("AddPinhole",
                         "the answer lacks the requested value") ": the pinhole expires by itself");
}

/* -- Check -- */

static void
assert_check_fails (Fixture *f, PlumLease *lease, PlumError code, const char *message)
{
  g_autoptr (PlumCall) done = lease_call (f, PLUM_CALL_CHECK, lease);

  assert_error (done, code, message);
}

/* While the firewall is off, the check reads its state. */
static void
test_check_state (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);

  f->igd->switches.login_for = "GetFirewallStatus";
  assert_check_fails (f, lease, PLUM_ERROR_REFUSED, LOGIN ("GetFirewallStatus"));
  f->igd->switches.login_for = NULL;

  f->igd->switches.no_firewall_state = TRUE;
  assert_check_fails (f, lease, PLUM_ERROR_NOT_SUPPORTED,
                      REFUSED ("GetFirewallStatus", "the answer lacks the requested value"));
  f->igd->switches.firewall_fault = 501;
  assert_check_fails (f, lease, PLUM_ERROR_NOT_SUPPORTED,
                      REFUSED ("GetFirewallStatus", "error 501, Fake"));
}

static void
test_check_login (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = map_port (f, 8080);

  assert_check_fails (f, lease, PLUM_ERROR_REFUSED, LOGIN ("UpdatePinhole"));
}

static void
test_not_discovered (Fixture *f, gconstpointer data)
{
  static const PlumCallKind kinds[] = { PLUM_CALL_MAP, PLUM_CALL_UNMAP, PLUM_CALL_CHECK };
  g_autoptr (PlumLease) lease = plum_lease_new (NULL, 8080, LIFETIME, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (PlumCall) done = lease_call (f, kinds[i], lease);

      assert_error (done, PLUM_ERROR_NO_GATEWAY,
                    "UPnP: no router is known; a new search is necessary");
    }
}

/* The pinhole of a program that crashed: its number is unknown, so it cannot be checked. */
static void
test_check_without_token (Fixture *f, gconstpointer data)
{
  g_autoptr (PlumLease) lease = plum_lease_new (NULL, 8080, LIFETIME, NULL);

  discover (f);
  assert_check_fails (f, lease, PLUM_ERROR_NOT_SUPPORTED,
                      "UPnP: the pinhole of another process cannot be checked");
}

static const UpnpTest tests[] = {
  { "errors/map-login", { .login_for = "AddPinhole" }, test_map_login },
  { "errors/map-state-cut-off", { .firewall_off = TRUE }, test_map_state_cut_off },
  { "errors/map-state-refused", { .firewall_off = TRUE }, test_map_state_refused },
  { "errors/map-bare-fault", { .pinhole_fault = 501, .bare_faults = TRUE }, test_map_bare_fault },
  { "errors/unmap-cut-off", { .hang_up_on = "DeletePinhole" }, test_unmap_cut_off },
  { "errors/unmap-login", { .login_for = "DeletePinhole" }, test_unmap_login },
  { "errors/unmap-bare-fault", { .close_fault = 501 }, test_unmap_bare_fault },
  { "errors/find-number-login", { 0 }, test_find_number_login },
  { "errors/find-number-cut-off", { 0 }, test_find_number_cut_off },
  { "errors/find-number-refused", { 0 }, test_find_number_refused },
  { "errors/find-number-nothing", { 0 }, test_find_number_nothing },
  { "errors/check-state", { .firewall_off = TRUE }, test_check_state },
  { "errors/check-without-token", { 0 }, test_check_without_token },
  { "errors/not-discovered", { 0 }, test_not_discovered },
  { "errors/check-login", { .login_for = "UpdatePinhole" }, test_check_login },
};

int
main (int argc, char *argv[])
{
  return upnp_test_run_ipv6 (argc, argv, tests, G_N_ELEMENTS (tests));
}
