/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Fuzzes: backends/upnp/igd-description.c backends/upnp/igd-xml.c backends/upnp/igd-url.c */

#include "fuzz-upnp.h"

#include "http-codec.h"
#include "igd-description.h"

#define MAX_SERVICES 16
#define MAX_LABEL 64

static void
check_label (const char *label)
{
  if (label == NULL)
    return;

  fuzz_assert_one_line (label);
  g_assert_cmpint (g_utf8_strlen (label, -1), <=, MAX_LABEL);
}

/* A request that is built from the URL has the expected seven lines. */
static void
check_request (const UpnpService *service)
{
  g_autoptr (GBytes) request = upnp_http_encode_post ("192.0.2.1:80", service->target,
                                                      service->type, "GetStatusInfo", "", FALSE);
  gsize size;
  const char *text = g_bytes_get_data (request, &size);
  guint n_lines = 0;

  for (gsize i = 0; i < size; i++)
    n_lines += text[i] == '\n';
  g_assert_cmpuint (n_lines, ==, 7);
}

static void
check_service (const UpnpService *service)
{
  g_autoptr (UpnpService) copy = upnp_service_copy (service);

  g_assert_cmpuint (service->port, !=, 0);
  g_assert_cmpint (service->target[0], ==, '/');
  fuzz_assert_one_word (service->target);
  fuzz_assert_one_word (service->type);
  g_assert_null (strpbrk (service->type, "\"<>&#"));
  g_assert_true (upnp_service_equal (service, copy));
  check_request (service);
}

/* A URL of the device, whatever the document says. */
static void
check_presentation (const UpnpDescription *description)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string ("192.0.2.1");
  g_autofree char *url = upnp_description_make_presentation_url (description, address);
  g_autoptr (GUri) parsed = NULL;

  if (url == NULL)
    return;

  parsed = g_uri_parse (url, G_URI_FLAGS_ENCODED, NULL);
  g_assert_nonnull (parsed);
  g_assert_cmpstr (g_uri_get_host (parsed), ==, "192.0.2.1");
  g_assert_null (g_uri_get_userinfo (parsed));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (UpnpUrl) location = upnp_url_parse ("http://192.0.2.1:5000/rootDesc.xml", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (UpnpDescription) description = NULL;

  description = upnp_description_decode (location, (const char *) data, size, &error);
  if (description == NULL)
    {
      g_assert_error (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      return 0;
    }

  g_assert_no_error (error);
  check_label (description->manufacturer);
  check_label (description->model);
  check_label (description->model_version);
  check_presentation (description);
  check_label (description->friendly_name);
  g_assert_cmpuint (description->services->len, <=, MAX_SERVICES);

  for (guint i = 0; i < description->services->len; i++)
    {
      const UpnpService *service = g_ptr_array_index (description->services, i);

      check_service (service);
      if (i > 0)
        g_assert_cmpint (((UpnpService *) g_ptr_array_index (description->services, i - 1))->kind,
                         <=, service->kind);
    }
  return 0;
}
