/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Fuzzes: backends/upnp/soap-codec.c backends/upnp/igd-xml.c */

#include "fuzz-upnp.h"

#include "soap-codec.h"

static void
check_address (const UpnpSoapReply *reply)
{
  g_autoptr (GInetAddress) address = upnp_soap_read_address (reply);

  if (address == NULL)
    return;

  g_assert_cmpint (g_inet_address_get_family (address), ==, G_SOCKET_FAMILY_IPV4);
  g_assert_false (g_inet_address_get_is_any (address));
  g_assert_false (g_inet_address_get_is_loopback (address));
  g_assert_false (g_inet_address_get_is_multicast (address));
}

static void
check_entry (const UpnpSoapReply *reply)
{
  g_autoptr (UpnpTableEntry) entry = upnp_soap_read_entry (reply);

  if (entry == NULL)
    return;

  g_assert_nonnull (entry->internal_client);
  g_assert_cmpuint (entry->internal_port, <=, G_MAXUINT16);
  g_assert_cmpuint (entry->external_port, <=, G_MAXUINT16);
}

static void
check_pinhole (const UpnpSoapReply *reply)
{
  gboolean enabled = 2, allowed = 2;

  if (upnp_soap_read_firewall (reply, &enabled, &allowed))
    g_assert_true (enabled <= TRUE && allowed <= TRUE);
  else
    g_assert_true (enabled == 2 && allowed == 2);

  g_assert_cmpint (upnp_soap_read_unique_id (reply), >=, -1);
  g_assert_cmpint (upnp_soap_read_unique_id (reply), <=, G_MAXUINT16);
}

/* The first byte selects the action and the HTTP status. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (UpnpSoapReply) reply = NULL;
  UpnpAction action;
  guint status;

  if (size == 0)
    return 0;

  action = (data[0] & 0x3f) % UPNP_N_ACTIONS;
  status = (data[0] & 0x40) != 0 ? 500 : 200;
  reply = upnp_soap_decode (action, status, (const char *) data + 1, size - 1);

  g_assert_nonnull (reply);
  g_assert_cmpuint (reply->status, ==, status);
  switch (reply->outcome)
    {
    case UPNP_SOAP_DONE:
      g_assert_nonnull (reply->document);
      break;
    case UPNP_SOAP_FAULT:
      g_assert_cmpint (reply->code, >=, -G_MAXINT16);
      g_assert_cmpint (reply->code, <=, G_MAXINT16);
      if (reply->message != NULL)
        g_assert_true (g_utf8_validate (reply->message, -1, NULL));
      break;
    case UPNP_SOAP_EMPTY:
      /* An empty result has no content and HTTP status 200. */
      g_assert_null (reply->document);
      g_assert_cmpuint (status, ==, 200);
      break;
    case UPNP_SOAP_NO_ANSWER:
      break;
    default:
      g_assert_not_reached ();
    }

  check_address (reply);
  check_entry (reply);
  g_assert_cmpuint (upnp_soap_read_port (reply), <=, G_MAXUINT16);
  upnp_soap_read_status (reply);
  upnp_soap_read_uptime (reply);
  check_pinhole (reply);
  return 0;
}
