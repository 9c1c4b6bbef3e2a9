/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "core-fixture.h"

#include <string.h>

/* Mappings that are restricted to some remote hosts, or lead to another host. */

#define PRINTER "127.60.0.50"

static PlumMapping *
make (const char *internal, const char *remote)
{
  g_autoptr (GInetAddress) address =
    internal != NULL ? g_inet_address_new_from_string (internal) : NULL;
  g_autoptr (GInetAddressMask) mask =
    remote != NULL ? g_inet_address_mask_new_from_string (remote, NULL) : NULL;

  return g_object_new (PLUM_TYPE_MAPPING, "internal-port", 8080, "internal-address", address,
                       "remote-address", mask, NULL);
}

static PlumMapping *
add (CoreFixture *f, const char *internal, const char *remote)
{
  g_autoptr (PlumMapping) mapping = make (internal, remote);
  g_autoptr (GError) error = NULL;

  plum_manager_add_mapping (f->manager, mapping, &error);
  g_assert_no_error (error);
  test_loop_settle (&f->loop);
  return g_steal_pointer (&mapping);
}

static void
assert_invalid (CoreFixture *f, const char *internal, const char *remote, const char *message)
{
  g_autoptr (PlumMapping) mapping = make (internal, remote);
  g_autoptr (GError) error = NULL;

  g_assert_false (plum_manager_add_mapping (f->manager, mapping, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_assert_cmpstr (error->message, ==, message);
  core_assert_state (mapping, DESTROYED);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (f->manager)), ==, 0);
}

/* --- Several remote hosts --- */

static GListModel *
make_list (const char *remote)
{
  PlumHosts hosts = { NULL };

  test_hosts_add_remote (&hosts, remote);
  return hosts.remote;
}

/* remote, list: (nullable): for the two properties. */
static PlumMapping *
add_several (CoreFixture *f, const char *remote, const char *list, GError **error)
{
  g_autoptr (GListModel) masks = make_list (list);
  g_autoptr (GInetAddressMask) mask =
    remote != NULL ? g_inet_address_mask_new_from_string (remote, NULL) : NULL;
  PlumMapping *mapping = g_object_new (PLUM_TYPE_MAPPING, "internal-port", 8080, "remote-addresses",
                                       masks, "remote-address", mask, NULL);

  if (!plum_manager_add_mapping (f->manager, mapping, error))
    g_clear_object (&mapping);
  test_loop_settle (&f->loop);
  return mapping;
}

static void
assert_requested (const char *expected)
{
  g_autofree char *remote = test_request_dup_remote (plum_call_get_request (ALPHA->last_map));

  g_assert_cmpstr (remote, ==, expected);
}

static void
test_several (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;
  g_autofree char *first = NULL;

  ALPHA->supports_hosts = TRUE;
  mapping = add_several (f, NULL, "203.0.113.0/24,198.51.100.7", NULL);
  core_assert_state (mapping, SUCCESS);
  assert_requested ("203.0.113.0/24,198.51.100.7");
  g_assert_cmpuint (g_list_model_get_n_items (plum_mapping_get_remote_addresses (mapping)), ==, 2);
  first = g_inet_address_mask_to_string (plum_mapping_get_remote_address (mapping));
  g_assert_cmpstr (first, ==, "203.0.113.0/24");
}

static void
test_one_by_either_property (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) one = NULL;
  g_autoptr (PlumMapping) listed = NULL;

  ALPHA->supports_hosts = TRUE;
  one = add_several (f, "203.0.113.7", NULL, NULL);
  listed = add_several (f, NULL, "203.0.113.7", NULL);
  g_assert_cmpuint (g_list_model_get_n_items (plum_mapping_get_remote_addresses (one)), ==, 1);
  g_assert_cmpuint (ALPHA->n_map, ==, 1);
}

static void
test_both_properties (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;
  guint n;

  ALPHA->supports_hosts = TRUE;
  mapping = add_several (f, "203.0.113.7", "198.51.100.7,203.0.113.7", NULL);
  n = g_list_model_get_n_items (plum_mapping_get_remote_addresses (mapping));
  g_assert_cmpuint (n, ==, 2);
}

/* The order does not matter; each other list is another lease. */
static void
test_lists_that_share (CoreFixture *f, gconstpointer data)
{
  static const char *const lists[] = {
    "203.0.113.7,198.51.100.7",
    "198.51.100.7,203.0.113.7",
    "198.51.100.7,203.0.113.7,198.51.100.7",
    "198.51.100.7",
    "203.0.113.7,198.51.100.8",
    "203.0.113.7,198.51.100.7,192.0.2.1",
  };
  g_autoptr (GPtrArray) mappings = g_ptr_array_new_with_free_func (g_object_unref);

  ALPHA->supports_hosts = TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (lists); i++)
    g_ptr_array_add (mappings, add_several (f, NULL, lists[i], NULL));
  g_assert_cmpuint (ALPHA->n_map, ==, 4);
}

static void
test_empty_list (CoreFixture *f, gconstpointer data)
{
  g_autoptr (GListStore) empty = g_list_store_new (G_TYPE_INET_ADDRESS_MASK);
  g_autoptr (PlumMapping) mapping =
    g_object_new (PLUM_TYPE_MAPPING, "internal-port", 8080, "remote-addresses", empty, NULL);

  g_assert_null (plum_mapping_get_remote_addresses (mapping));
  g_assert_null (plum_mapping_get_remote_address (mapping));
}

/* The list of the program may change. */
static void
test_list_is_copied (CoreFixture *f, gconstpointer data)
{
  g_autoptr (GListModel) masks = make_list ("203.0.113.7");
  g_autoptr (PlumMapping) mapping =
    g_object_new (PLUM_TYPE_MAPPING, "internal-port", 8080, "remote-addresses", masks, NULL);

  g_list_store_remove_all (G_LIST_STORE (masks));
  g_assert_cmpuint (g_list_model_get_n_items (plum_mapping_get_remote_addresses (mapping)), ==, 1);
}

static void
test_invalid_lists (CoreFixture *f, gconstpointer data)
{
  GString *many = g_string_new ("192.0.2.1");
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (GError) family = NULL;
  g_autoptr (GError) length = NULL;
  g_autoptr (GError) number = NULL;

  mapping = add_several (f, NULL, "203.0.113.7,2001:db8::1", &family);
  g_assert_error (family, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  mapping = add_several (f, NULL, "203.0.113.7,0.0.0.0/0", &length);
  g_assert_error (length, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);

  for (guint i = 0; i < 256; i++)
    g_string_append_printf (many, ",198.51.100.%u", i);
  mapping = add_several (f, NULL, many->str, &number);
  g_assert_error (number, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_string_free (many, TRUE);
}

/* --- Sharing --- */

static void
test_equal_mappings_share (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) first = NULL;
  g_autoptr (PlumMapping) second = NULL;

  ALPHA->supports_hosts = TRUE;
  first = add (f, PRINTER, "203.0.113.0/24");
  second = add (f, PRINTER, "203.0.113.0/24");
  core_assert_state (second, SUCCESS);
  g_assert_cmpuint (ALPHA->n_map, ==, 1);
  core_destroy (f, first);
  g_assert_cmpuint (ALPHA->n_unmap, ==, 0);
}

/* Each has a lease and an external port of its own. */
static void
test_other_hosts_do_not_share (CoreFixture *f, gconstpointer data)
{
  static const char *const hosts[][2] = {
    { NULL, NULL },    { NULL, "203.0.113.7" },    { NULL, "203.0.113.0/24" },
    { PRINTER, NULL }, { PRINTER, "203.0.113.7" }, { "127.60.0.51", NULL },
  };
  g_autoptr (GPtrArray) mappings = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GHashTable) ports = g_hash_table_new (NULL, NULL);

  ALPHA->supports_hosts = TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      PlumMapping *mapping = add (f, hosts[i][0], hosts[i][1]);

      g_ptr_array_add (mappings, mapping);
      core_assert_state (mapping, SUCCESS);
      g_assert_true (
        g_hash_table_add (ports, GUINT_TO_POINTER (plum_mapping_get_external_port (mapping))));
    }
  g_assert_cmpuint (ALPHA->n_map, ==, G_N_ELEMENTS (hosts));
}

/* --- Backends --- */

static void
test_request_has_hosts (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;
  PlumRequest *request;
  g_autofree char *internal = NULL;
  g_autofree char *remote = NULL;

  ALPHA->supports_hosts = TRUE;
  mapping = add (f, PRINTER, "203.0.113.0/24");
  request = plum_call_get_request (ALPHA->last_map);
  internal = g_inet_address_to_string (plum_request_get_internal_address (request));
  remote = test_request_dup_remote (request);
  g_assert_cmpstr (internal, ==, PRINTER);
  g_assert_cmpstr (remote, ==, "203.0.113.0/24");

  core_destroy (f, mapping);
  test_loop_settle (&f->loop);
  g_assert_nonnull (plum_request_get_internal_address (ALPHA->last_unmap));
}

/* A backend that does not know of the restriction would open the port to all hosts. */
static void
test_other_backend_is_asked (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;
  g_autoptr (PlumMapping) open = NULL;

  BETA->supports_hosts = TRUE;
  mapping = add (f, NULL, "203.0.113.7");
  core_assert_state (mapping, SUCCESS);
  core_assert_backend (mapping, "beta");
  g_assert_cmpuint (ALPHA->n_map, ==, 0);

  open = add (f, NULL, NULL);
  core_assert_backend (open, "alpha");
}

static void
test_no_backend_can (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = add (f, NULL, "203.0.113.7");
  g_autoptr (PlumMapping) other = add (f, PRINTER, NULL);

  core_assert_state (mapping, FAILURE);
  g_assert_error (plum_mapping_get_error (mapping), PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
  g_assert_cmpstr (plum_mapping_get_error (mapping)->message, ==,
                   "alpha: the protocol cannot restrict a mapping to some remote hosts; "
                   "beta: the protocol cannot restrict a mapping to some remote hosts");
  g_assert_cmpstr (plum_mapping_get_error (other)->message, ==,
                   "alpha: the protocol cannot map a port of another host; "
                   "beta: the protocol cannot map a port of another host");
  g_assert_cmpuint (ALPHA->n_map + BETA->n_map, ==, 0);
}

/* The refusal explains more than what the other protocol lacks. */
static void
test_refusal_decides (CoreFixture *f, gconstpointer data)
{
  g_autoptr (PlumMapping) mapping = NULL;

  BETA->supports_hosts = TRUE;
  BETA->map = NO (REFUSED);
  mapping = add (f, PRINTER, NULL);
  g_assert_error (plum_mapping_get_error (mapping), PLUM_ERROR, PLUM_ERROR_REFUSED);
}

/* --- Arguments --- */

static void
test_invalid_arguments (CoreFixture *f, gconstpointer data)
{
  assert_invalid (f, NULL, "::1", "The remote address and the mapping have different families");
  assert_invalid (f, NULL, "0.0.0.0/0",
                  "The remote address must have a prefix length of at least 1");
  assert_invalid (f, "::1", NULL, "The internal address and the mapping have different families");
  assert_invalid (f, "0.0.0.0", NULL, "The internal address must be the address of one host");
  assert_invalid (f, "224.0.0.1", NULL, "The internal address must be the address of one host");
}

static void
test_link_local_address (CoreFixture *f, gconstpointer data)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string ("fe80::5");
  g_autoptr (PlumMapping) mapping =
    g_object_new (PLUM_TYPE_MAPPING, "internal-port", 8080, "family", G_SOCKET_FAMILY_IPV6,
                  "internal-address", address, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_false (plum_manager_add_mapping (f->manager, mapping, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
}

static void
test_address_of_this_host (CoreFixture *f, gconstpointer data)
{
  assert_invalid (
    f, "127.0.0.1", NULL,
    "The internal address 127.0.0.1 belongs to this host: leave it unset for this host");
}

static void
test_address_of_the_gateway (CoreFixture *f, gconstpointer data)
{
  core_set_gateway (f, PRINTER);
  assert_invalid (f, PRINTER, NULL,
                  "The internal address " PRINTER " is the gateway, which must not be reached from "
                  "outside");
}

static void
test_address_off_link (CoreFixture *f, gconstpointer data)
{
  core_set_gateway (f, "127.60.0.1");
  assert_invalid (f, "10.9.8.7", NULL,
                  "The internal address 10.9.8.7 is not on the link of the gateway 127.60.0.1 on "
                  "“lo”");
  assert_invalid (f, "127.255.255.255", NULL,
                  "The internal address 127.255.255.255 is not on the link of the gateway "
                  "127.60.0.1 on “lo”");
}

/* A program that changes the list of the mapping does not change what was requested. */
static void
test_list_is_changed (CoreFixture *f, gconstpointer data)
{
  g_autoptr (GInetAddressMask) mask = g_inet_address_mask_new_from_string ("192.0.2.0/24", NULL);
  g_autoptr (PlumMapping) mapping = NULL;

  ALPHA->supports_hosts = TRUE;
  mapping = add_several (f, NULL, "198.51.100.7", NULL);
  core_assert_state (mapping, SUCCESS);
  g_list_store_append (G_LIST_STORE (plum_mapping_get_remote_addresses (mapping)), mask);
  core_destroy (f, mapping);
  test_loop_settle (&f->loop);
  core_assert_state (mapping, DESTROYED);
  g_assert_cmpuint (ALPHA->n_unmap, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  CORE_ADD ("/remote/several/list-is-changed", test_list_is_changed);
  CORE_ADD ("/remote/several/several", test_several);
  CORE_ADD ("/remote/several/one-by-either-property", test_one_by_either_property);
  CORE_ADD ("/remote/several/both-properties", test_both_properties);
  CORE_ADD ("/remote/several/lists-that-share", test_lists_that_share);
  CORE_ADD ("/remote/several/empty-list", test_empty_list);
  CORE_ADD ("/remote/several/list-is-copied", test_list_is_copied);
  CORE_ADD ("/remote/several/invalid-lists", test_invalid_lists);
  CORE_ADD ("/remote/equal-mappings-share", test_equal_mappings_share);
  CORE_ADD ("/remote/other-hosts-do-not-share", test_other_hosts_do_not_share);
  CORE_ADD ("/remote/request-has-hosts", test_request_has_hosts);
  CORE_ADD_N ("/remote/other-backend-is-asked", 2, test_other_backend_is_asked);
  CORE_ADD_N ("/remote/no-backend-can", 2, test_no_backend_can);
  CORE_ADD_N ("/remote/refusal-decides", 2, test_refusal_decides);
  CORE_ADD ("/remote/invalid-arguments", test_invalid_arguments);
  CORE_ADD ("/third-party/link-local-address", test_link_local_address);
  CORE_ADD ("/third-party/address-of-this-host", test_address_of_this_host);
  CORE_ADD ("/third-party/address-of-the-gateway", test_address_of_the_gateway);
  CORE_ADD ("/third-party/address-off-link", test_address_off_link);

  return g_test_run ();
}
