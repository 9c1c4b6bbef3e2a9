/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "json.h"

#include <plum-glib/plum-glib.h>

const char *describe_enum (GType type, int value);
const char *describe_protocol (PlumProtocol protocol);
const char *describe_scope (PlumAddressScope scope);
const char *describe_scope_text (PlumAddressScope scope);
const char *describe_scope_reason (PlumAddressScope scope);
char *describe_missing_address (PlumGateway *gateway);
char *describe_settings_step (PlumManager *manager, GSocketFamily family, const char *step);
char *describe_lifetime (guint lifetime);
const char *describe_backend (const char *name);
const char *describe_skip_backend (const char *message, const char *backend);
char *describe_probe (PlumProbe *probe);
char *describe_address (GInetAddress *address);
char *describe_mask (GInetAddressMask *mask);
int describe_exit_code (const GError *error);

char *describe_mapping_name (PlumMapping *mapping);
char *describe_way (PlumMapping *mapping);
char *describe_mapping (PlumMapping *mapping);
void describe_hops_json (JsonWriter *json, GListModel *hops);
char *describe_mapping_json (PlumMapping *mapping);
void describe_error_json (JsonWriter *json, const char *key, const GError *error);
void describe_address_json (JsonWriter *json, const char *key, GInetAddress *address);
void describe_port_json (JsonWriter *json, const char *key, guint port);
void describe_lifetime_json (JsonWriter *json, const char *key, guint lifetime);
