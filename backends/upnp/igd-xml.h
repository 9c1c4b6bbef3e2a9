/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <plum-glib/plum-glib.h>

G_BEGIN_DECLS

#define UPNP_XML_MAX_DEPTH 32
#define UPNP_XML_MAX_ELEMENTS 20000

/* One element of a document, read with tolerance for errors. */
typedef struct _UpnpXmlNode UpnpXmlNode;

struct _UpnpXmlNode
{
  char *name;          /* local name in lower case; "" for the document itself */
  GString *text;       /* its own character data */
  GPtrArray *children; /* (element-type UpnpXmlNode) (nullable) */
  UpnpXmlNode *parent; /* (nullable): borrowed */
  gboolean closed;     /* its end tag was found: the text is complete */
};

void upnp_xml_node_free (UpnpXmlNode *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UpnpXmlNode, upnp_xml_node_free)

/* Converts the XML of routers to a form that GMarkup accepts. (transfer full) */
char *upnp_xml_sanitise (const char *data, gsize len);

/* Returns the document, whose children are the top elements. At an error in the markup, keeps what
 * precedes the error, and the document is not closed. Error MALFORMED: there is no element. */
UpnpXmlNode *upnp_xml_parse (const char *data, gsize len, GError **error);

/* Names are in lower case. */
const UpnpXmlNode *upnp_xml_find_child (const UpnpXmlNode *self, const char *name);
/* Depth first, self not included. */
const UpnpXmlNode *upnp_xml_find (const UpnpXmlNode *self, const char *name);
/* Every element of that name below self, in document order. (transfer container) */
GPtrArray *upnp_xml_find_all (const UpnpXmlNode *self, const char *name);
/* The stripped text of a complete child; NULL: there is none. (transfer full) */
char *upnp_xml_dup_child_text (const UpnpXmlNode *self, const char *name);
/* The same for any element below self. (transfer full) */
char *upnp_xml_dup_text (const UpnpXmlNode *self, const char *name);

G_END_DECLS
