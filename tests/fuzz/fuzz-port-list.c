/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Fuzzes: backends/upnp/soap-codec.c backends/upnp/igd-xml.c */

#include "fuzz-upnp.h"

#include "igd-xml.h"
#include "soap-codec.h"

/* An answer to GetListOfPortMappings. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (UpnpSoapReply) reply =
    upnp_soap_decode (UPNP_ACTION_GET_LIST, 200, (const char *) data, size);
  g_autoptr (GPtrArray) entries = upnp_soap_read_list (reply);

  g_assert_cmpuint (entries->len, <=, UPNP_XML_MAX_ELEMENTS);
  for (guint i = 0; i < entries->len; i++)
    {
      const UpnpTableEntry *entry = g_ptr_array_index (entries, i);

      g_assert_true (entry->protocol == PLUM_PROTOCOL_TCP || entry->protocol == PLUM_PROTOCOL_UDP);
      g_assert_cmpuint (entry->external_port, <=, G_MAXUINT16);
      g_assert_cmpuint (entry->internal_port, <=, G_MAXUINT16);
      g_assert_nonnull (entry->internal_client);
    }
  return 0;
}
