/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "igd-description.h"

#include <string.h>

#include "igd-xml.h"

#define MAX_SERVICES 16
#define MAX_TEXT 64
#define MAX_PRESENTATION 256

/* The significant parts of a service type. Its place in the tree and its version do not matter:
 * trees that mix versions are common (quirk 42). */
static const struct
{
  const char *prefix;
  guint version;
  UpnpServiceKind kind;
} known_services[] = {
  { "urn:schemas-upnp-org:service:WANIPConnection:", 2, UPNP_SERVICE_IP2 },
  { "urn:schemas-upnp-org:service:WANIPConnection:", 1, UPNP_SERVICE_IP1 },
  { "urn:schemas-upnp-org:service:WANPPPConnection:", 1, UPNP_SERVICE_PPP },
  { "urn:dslforum-org:service:WANIPConnection:", 1, UPNP_SERVICE_DSLFORUM_IP },
  { "urn:dslforum-org:service:WANPPPConnection:", 1, UPNP_SERVICE_DSLFORUM_PPP },
  { "urn:schemas-upnp-org:service:WANIPv6FirewallControl:", 1, UPNP_SERVICE_FIREWALL },
};

/* The type is copied into a header and an attribute: allow only the characters of a URN. */
static gboolean
is_plain_urn (const char *type)
{
  static const char extra[] = "-_.:";

  for (const char *p = type; *p != '\0'; p++)
    {
      if (!g_ascii_isalnum (*p) && strchr (extra, *p) == NULL)
        return FALSE;
    }

  return strlen (type) < 128;
}

static gboolean
classify_type (const char *type, UpnpServiceKind *kind, guint *version)
{
  if (!is_plain_urn (type))
    return FALSE;

  for (gsize i = 0; i < G_N_ELEMENTS (known_services); i++)
    {
      gsize length = strlen (known_services[i].prefix);
      guint64 number;

      if (g_ascii_strncasecmp (type, known_services[i].prefix, length) == 0 &&
          g_ascii_string_to_unsigned (type + length, 10, known_services[i].version, 99, &number,
                                      NULL))
        {
          *kind = known_services[i].kind;
          *version = (guint) number;
          return TRUE;
        }
    }

  return FALSE;
}

/* NULL: the service neither maps ports nor opens pinholes. */
UpnpService *
upnp_service_new (const char *type, guint16 port, const char *target)
{
  UpnpServiceKind kind;
  guint version;
  UpnpService *self;

  if (!classify_type (type, &kind, &version))
    return NULL;

  self = g_new0 (UpnpService, 1);
  self->kind = kind;
  self->type = g_strdup (type);
  self->version = version;
  self->port = port;
  self->target = g_strdup (target);
  return self;
}

UpnpService *
upnp_service_copy (const UpnpService *self)
{
  return upnp_service_new (self->type, self->port, self->target);
}

void
upnp_service_free (UpnpService *self)
{
  g_free (self->type);
  g_free (self->target);
  g_free (self);
}

gboolean
upnp_service_equal (const UpnpService *a, const UpnpService *b)
{
  return a->port == b->port && g_str_equal (a->type, b->type) && g_str_equal (a->target, b->target);
}

gboolean
upnp_service_is_v2 (const UpnpService *self)
{
  return self->kind == UPNP_SERVICE_IP2;
}

void
upnp_description_free (UpnpDescription *self)
{
  g_free (self->manufacturer);
  g_free (self->model);
  g_free (self->model_version);
  g_free (self->own_host);
  g_clear_pointer (&self->presentation, g_uri_unref);
  g_free (self->friendly_name);
  g_clear_pointer (&self->services, g_ptr_array_unref);
  g_clear_pointer (&self->firewalls, g_ptr_array_unref);
  g_free (self);
}

/* URLBase is ignored unless it names the same host as LOCATION (quirk 41). */
static UpnpUrl *
find_base (const UpnpXmlNode *document, const UpnpUrl *location)
{
  g_autofree char *text = upnp_xml_dup_text (document, "urlbase");
  g_autoptr (UpnpUrl) base = text != NULL ? upnp_url_parse (text, NULL) : NULL;

  if (base != NULL && g_str_equal (base->host, location->host))
    return g_steal_pointer (&base);

  return upnp_url_resolve (location, "", NULL);
}

static UpnpService *
read_service (const UpnpXmlNode *node, const UpnpUrl *base)
{
  g_autofree char *type = upnp_xml_dup_child_text (node, "servicetype");
  g_autofree char *control = upnp_xml_dup_child_text (node, "controlurl");
  g_autoptr (UpnpUrl) url = NULL;

  if (type == NULL || control == NULL || *control == '\0')
    return NULL;

  url = upnp_url_resolve (base, control, NULL);
  return url != NULL ? upnp_service_new (type, url->port, url->target) : NULL;
}

static gboolean
has_service (GPtrArray *services, const UpnpService *service)
{
  for (guint i = 0; i < services->len; i++)
    {
      if (upnp_service_equal (g_ptr_array_index (services, i), service))
        return TRUE;
    }

  return FALSE;
}

/* Sorts by kind and keeps the order of the document among equals, unlike g_ptr_array_sort(). */
static void
insert_service (GPtrArray *services, UpnpService *service) /* (transfer full) */
{
  guint i = 0;

  while (i < services->len &&
         ((UpnpService *) g_ptr_array_index (services, i))->kind <= service->kind)
    i++;
  g_ptr_array_insert (services, (int) i, service);
}

static void
read_services (const UpnpXmlNode *document, const UpnpUrl *location, UpnpDescription *out)
{
  g_autoptr (GPtrArray) nodes = upnp_xml_find_all (document, "service");
  g_autoptr (UpnpUrl) base = find_base (document, location);

  for (guint i = 0; base != NULL && i < nodes->len; i++)
    {
      g_autoptr (UpnpService) service = read_service (g_ptr_array_index (nodes, i), base);
      GPtrArray *services;

      if (service == NULL)
        continue;

      services = service->kind == UPNP_SERVICE_FIREWALL ? out->firewalls : out->services;
      if (services->len < MAX_SERVICES && !has_service (services, service))
        insert_service (services, g_steal_pointer (&service));
    }
}

/* GUri, because UpnpUrl has no https. */
static void
read_presentation (const UpnpXmlNode *document,
                   const UpnpXmlNode *device,
                   const UpnpUrl *location,
                   UpnpDescription *out)
{
  g_autofree char *text =
    device != NULL ? upnp_xml_dup_child_text (device, "presentationurl") : NULL;
  g_autoptr (UpnpUrl) base = find_base (document, location);
  g_autoptr (GUri) base_uri = NULL;
  g_autofree char *path = NULL;

  if (text == NULL || *g_strstrip (text) == '\0' || strlen (text) > MAX_PRESENTATION ||
      base == NULL)
    return;

  path = g_strndup (base->target, strcspn (base->target, "?"));
  base_uri =
    g_uri_build (G_URI_FLAGS_ENCODED, "http", NULL, base->host, base->port, path, NULL, NULL);
  out->own_host = g_strdup (base->host);
  out->presentation = g_uri_parse_relative (base_uri, text, G_URI_FLAGS_ENCODED, NULL);
}

/* Some devices use a name, such as fritz.box, which is not looked up: only the scheme and the port
 * of such a URL are used. */
char *
upnp_description_make_presentation_url (const UpnpDescription *self, GInetAddress *address)
{
  const char *host = self->presentation != NULL ? g_uri_get_host (self->presentation) : NULL;
  g_autofree char *own = g_inet_address_to_string (address);
  const char *path;
  gboolean is_own;

  if (host == NULL || *host == '\0' || g_inet_address_get_is_link_local (address) ||
      g_uri_get_userinfo (self->presentation) != NULL)
    return NULL;

  is_own = g_ascii_strcasecmp (host, self->own_host) == 0 || g_str_equal (host, own);
  if (!is_own && g_hostname_is_ip_address (host))
    return NULL;

  path = is_own ? g_uri_get_path (self->presentation) : "";
  return g_uri_join (G_URI_FLAGS_ENCODED, g_uri_get_scheme (self->presentation), NULL, own,
                     g_uri_get_port (self->presentation), *path != '\0' ? path : "/",
                     is_own ? g_uri_get_query (self->presentation) : NULL, NULL);
}

/* A short single line for messages. */
static char *
dup_label (const UpnpXmlNode *device, const char *name)
{
  g_autofree char *text = device != NULL ? upnp_xml_dup_child_text (device, name) : NULL;
  g_autofree char *shown = text != NULL ? plum_text_make_printable (text, MAX_TEXT - 1) : NULL;

  return shown != NULL && *shown != '\0' ? g_steal_pointer (&shown) : NULL;
}

UpnpDescription *
upnp_description_decode (const UpnpUrl *location, const char *data, gsize len, GError **error)
{
  g_autoptr (UpnpXmlNode) document = upnp_xml_parse (data, len, error);
  const UpnpXmlNode *device;
  UpnpDescription *self;

  if (document == NULL)
    return NULL;

  device = upnp_xml_find (document, "device");
  self = g_new0 (UpnpDescription, 1);
  self->manufacturer = dup_label (device, "manufacturer");
  self->model = dup_label (device, "modelname");
  self->model_version = dup_label (device, "modelnumber");
  self->friendly_name = dup_label (device, "friendlyname");
  read_presentation (document, device, location, self);
  self->services = g_ptr_array_new_with_free_func ((GDestroyNotify) upnp_service_free);
  self->firewalls = g_ptr_array_new_with_free_func ((GDestroyNotify) upnp_service_free);
  read_services (document, location, self);
  self->whole = document->closed;
  return self;
}
