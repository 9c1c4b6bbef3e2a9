/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A router behind another one. Each protocol reports the same: the scope of the external address,
 * or, in the same words, why there is none. */

#include "adversary-fixture.h"

#include <string.h>

#include "fake-gateway.h"
#include "fake-igd.h"
#include "natpmp-backend.h"
#include "pcp-backend.h"
#include "plum-double-nat.h"
#include "upnp-backend.h"

#define ROUTER ADVERSARY_NET ".9"
#define PORT 8080

typedef struct
{
  const char *address;
  PlumAddressScope scope;
  gboolean reported; /* as the mapping's external-host */
} AddressRow;

static const AddressRow addresses[] = {
  { "1.2.3.4", PLUM_ADDRESS_SCOPE_PUBLIC, TRUE },
  { "10.77.0.2", PLUM_ADDRESS_SCOPE_PRIVATE, TRUE },
  { "172.31.255.2", PLUM_ADDRESS_SCOPE_PRIVATE, TRUE },
  { "192.168.1.2", PLUM_ADDRESS_SCOPE_PRIVATE, TRUE },
  { "100.64.0.2", PLUM_ADDRESS_SCOPE_CGNAT, TRUE },
  { "100.127.255.254", PLUM_ADDRESS_SCOPE_CGNAT, TRUE },
  { "100.128.0.1", PLUM_ADDRESS_SCOPE_PUBLIC, TRUE },
  { "192.0.0.2", PLUM_ADDRESS_SCOPE_CGNAT, TRUE }, /* DS-Lite (RFC 6333) */
  { "0.0.0.0", PLUM_ADDRESS_SCOPE_UNKNOWN, FALSE },
};

static const char *const backends[] = { "pcp", "natpmp", "upnp" };

typedef struct
{
  Adversary a;
  FakeGateway *gateway; /* (nullable): PCP and NAT-PMP */
  FakeIgd *igd;         /* (nullable): UPnP */
} Fixture;

/* backend: the only one, and the only protocol that the router supports. */
static void
set_up (Fixture *f, const char *backend)
{
  adversary_set_up (&f->a, ROUTER);
  if (g_str_equal (backend, "upnp"))
    {
      f->igd = fake_igd_new (ROUTER);
      plum_manager_add_backend_type (f->a.manager, PLUM_TYPE_UPNP_BACKEND, backend, 100, NULL);
      return;
    }

  f->gateway = fake_gateway_new (ROUTER);
  if (g_str_equal (backend, "natpmp"))
    f->gateway->switches.pcp = FAKE_OFF;
  plum_manager_add_backend_type (f->a.manager,
                                 g_str_equal (backend, "pcp") ? PLUM_TYPE_PCP_BACKEND
                                                              : PLUM_TYPE_NATPMP_BACKEND,
                                 backend, 200, NULL);
}

static void
tear_down (Fixture *f)
{
  adversary_tear_down (&f->a);
  g_clear_pointer (&f->gateway, fake_gateway_free);
  g_clear_pointer (&f->igd, fake_igd_free);
}

/* The mapping is up, with the scope of its external address. */
static void
check_address (const char *backend, const AddressRow *row)
{
  Fixture f = { 0 };

  g_test_message ("%s: %s", backend, row->address);
  set_up (&f, backend);
  if (f.igd != NULL)
    f.igd->switches.external_address = row->address;
  else
    fake_gateway_set_external_address (f.gateway, row->address);

  adversary_add_mapping (&f.a, PORT);
  test_loop_advance_until (&f.a.loop, adversary_is_up (&f.a), 10000);
  g_assert_cmpstr (plum_mapping_get_backend_name (f.a.mapping), ==, backend);
  g_assert_cmpint (plum_mapping_get_external_scope (f.a.mapping), ==, row->scope);
  g_assert_cmpstr (plum_mapping_get_external_host (f.a.mapping), ==,
                   row->reported ? row->address : NULL);
  g_assert_cmpuint (plum_mapping_get_external_port (f.a.mapping), ==, PORT);
  tear_down (&f);
}

static void
test_address (gconstpointer data)
{
  for (gsize i = 0; i < G_N_ELEMENTS (backends); i++)
    check_address (backends[i], data);
}

static void
refuse_maps (Fixture *f, guint result)
{
  f->gateway->switches.map_result = result;
  f->gateway->switches.n_map_results = G_MAXUINT;
}

static const GError *
wait_for_failure (Fixture *f)
{
  adversary_add_mapping (&f->a, PORT);
  test_loop_advance_until (&f->a.loop, plum_mapping_get_state (f->a.mapping) == PLUM_STATE_FAILURE,
                           10000);
  return plum_mapping_get_error (f->a.mapping);
}

/* The error of the only backend at discovery; NULL: it can map. */
static const GError *
get_probe_error (Fixture *f)
{
  GListModel *gateways = plum_manager_get_gateways (f->a.manager);
  g_autoptr (PlumGateway) gateway = g_list_model_get_item (gateways, 0);
  g_autoptr (PlumProbe) probe = g_list_model_get_item (plum_gateway_get_probes (gateway), 0);

  return plum_probe_get_error (probe);
}

/* The router refuses to map. UPnP has no code for the reason: 501, "Action Failed", is read so if
 * the router has no public address (miniupnpd). NAT-PMP already fails at discovery, so the
 * mapping's code is NO_BACKEND, and NO_RESOURCES is the probe's. */
static void
check_refusal (const char *backend, const char *external_address)
{
  Fixture f = { 0 };
  const GError *probe;
  const GError *error;

  set_up (&f, backend);
  if (f.igd != NULL)
    {
      f.igd->switches.add_fault = 501;
      f.igd->switches.external_address = external_address;
    }
  else
    {
      refuse_maps (&f, 7);                    /* RFC 6887 7.4: NETWORK_FAILURE */
      f.gateway->switches.address_result = 3; /* RFC 6886 3.5: network failure */
    }

  error = wait_for_failure (&f);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, PLUM_NO_PUBLIC_ADDRESS));
  probe = get_probe_error (&f);
  g_assert_cmpint (probe != NULL ? probe->code : error->code, ==, PLUM_ERROR_NO_RESOURCES);
  tear_down (&f);
}

static void
test_no_public_address (gconstpointer data)
{
  check_refusal (data, "");
}

static void
test_private_address_alone (void)
{
  check_refusal ("upnp", "10.77.0.2");
}

/* With a public address 501 is a policy. */
static void
test_public_address_refused (void)
{
  Fixture f = { 0 };
  const GError *error;

  set_up (&f, "upnp");
  f.igd->switches.add_fault = 501;
  error = wait_for_failure (&f);
  g_assert_error (error, PLUM_ERROR, PLUM_ERROR_REFUSED);
  g_assert_null (strstr (error->message, PLUM_NO_PUBLIC_ADDRESS));
  tear_down (&f);
}

/* Only PCP can detect a router between the host and the gateway. */
static void
test_router_between (void)
{
  Fixture f = { 0 };
  const GError *error;

  set_up (&f, "pcp");
  refuse_maps (&f, 12); /* RFC 6887 7.4: ADDRESS_MISMATCH */
  error = wait_for_failure (&f);
  g_test_message ("%s", error->message);
  g_assert_cmpint (error->code, ==, PLUM_ERROR_NOT_SUPPORTED);
  g_assert_nonnull (strstr (error->message, PLUM_ROUTER_BETWEEN));
  tear_down (&f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (addresses); i++)
    {
      g_autofree char *path = g_strconcat ("/double-nat/scope/", addresses[i].address, NULL);

      g_test_add_data_func (path, &addresses[i], test_address);
    }
  g_test_add_data_func ("/double-nat/no-public-address/pcp", "pcp", test_no_public_address);
  g_test_add_data_func ("/double-nat/no-public-address/natpmp", "natpmp", test_no_public_address);
  g_test_add_data_func ("/double-nat/no-public-address/upnp", "upnp", test_no_public_address);
  g_test_add_func ("/double-nat/private-address-alone", test_private_address_alone);
  g_test_add_func ("/double-nat/public-address-refused", test_public_address_refused);
  g_test_add_func ("/double-nat/router-between", test_router_between);

  return g_test_run ();
}
