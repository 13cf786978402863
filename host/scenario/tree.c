/* SPDX-License-Identifier: MIT */
#include "scenario/tree.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "scenario/text_check.h"

struct node *tree_new_node(struct tree *tree, enum node_kind kind, struct mark at)
{
    struct node *node = calloc(1, sizeof(*node));
    if (node == NULL)
        return NULL;
    node->kind = kind;
    node->at = at;
    node->allocated_before = tree->newest;
    tree->newest = node;
    tree->nodes++;
    return node;
}

void tree_append(struct node *parent, struct node *child)
{
    if (parent->last != NULL)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
}

struct builder {
    struct tree *tree;
    struct diag *diag;
    struct node *open[TREE_MAX_DEPTH]; /* maps and lists that have not ended */
    struct node *key[TREE_MAX_DEPTH];  /* in open maps: the key that waits for its value */
    unsigned depth;
    bool stop; /* no use in going on */
};

static struct mark mark_of(const yaml_mark_t *mark)
{
    return (struct mark){(unsigned)mark->line + 1, (unsigned)mark->column + 1};
}

static struct node *new_node(struct builder *b, enum node_kind kind, struct mark at)
{
    if (b->tree->nodes == TREE_MAX_NODES) {
        diag_error(b->diag, at, "the file has more than %u keys and values, expected a scenario", TREE_MAX_NODES);
        b->stop = true;
        return NULL;
    }
    struct node *node = tree_new_node(b->tree, kind, at);
    if (node == NULL) {
        diag_error(b->diag, at, "out of memory");
        b->stop = true;
    }
    return node;
}

static void add_key(struct builder *b, struct node *map, struct node *key)
{
    unsigned top = b->depth - 1;
    b->key[top] = key;
    if (key->kind != NODE_SCALAR) {
        if (key->kind != NODE_BROKEN)
            diag_error(b->diag, key->at, "a key that is a map or a list, expected a word");
        return;
    }
    const struct node *twin = tree_get(map, key->text);
    if (twin != NULL) {
        char shown[48];
        diag_error(b->diag, key->at, "key '%s' is given twice, expected it once (first on line %u)",
                   text_quote(shown, sizeof(shown), key->text), twin->key->at.line);
    }
}

/* Puts a finished or just opened node where it belongs. */
static void place(struct builder *b, struct node *node)
{
    if (b->depth == 0) {
        b->tree->root = node;
        return;
    }
    struct node *parent = b->open[b->depth - 1];
    if (parent->kind != NODE_MAP) {
        tree_append(parent, node);
        return;
    }
    struct node *key = b->key[b->depth - 1];
    if (key == NULL) {
        add_key(b, parent, node);
        return;
    }
    b->key[b->depth - 1] = NULL;
    if (key->kind != NODE_SCALAR || tree_get(parent, key->text) != NULL)
        return; /* reported with its key */
    node->key = key;
    tree_append(parent, node);
}

static void refuse_decoration(struct builder *b, struct mark at, const yaml_char_t *anchor, const yaml_char_t *tag)
{
    char shown[48];
    if (anchor != NULL)
        diag_error(b->diag, at, "anchor '&%s': scenarios have no anchors and aliases, expected the value itself",
                   text_quote(shown, sizeof(shown), (const char *)anchor));
    if (tag != NULL)
        diag_error(b->diag, at, "tag '%s': scenarios have no tags, expected the value itself",
                   text_quote(shown, sizeof(shown), (const char *)tag));
}

static void add_scalar(struct builder *b, const yaml_event_t *event)
{
    struct mark at = mark_of(&event->start_mark);
    const char *text = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;

    refuse_decoration(b, at, event->data.scalar.anchor, event->data.scalar.tag);
    struct node *node = new_node(b, NODE_SCALAR, at);
    if (node == NULL)
        return;
    if (length > TREE_MAX_SCALAR) {
        diag_error(b->diag, at, "a value of %zu bytes, expected at most %u", length, TREE_MAX_SCALAR);
        node->kind = NODE_BROKEN;
    } else if (memchr(text, '\0', length) != NULL) {
        diag_error(b->diag, at, "NUL character in a value, expected text");
        node->kind = NODE_BROKEN;
    } else {
        node->text = calloc(1, length + 1);
        if (node->text == NULL) {
            diag_error(b->diag, at, "out of memory");
            b->stop = true;
            return;
        }
        memcpy(node->text, text, length);
    }
    place(b, node);
}

static void open_container(struct builder *b, enum node_kind kind, const yaml_event_t *event)
{
    struct mark at = mark_of(&event->start_mark);

    if (kind == NODE_MAP)
        refuse_decoration(b, at, event->data.mapping_start.anchor, event->data.mapping_start.tag);
    else
        refuse_decoration(b, at, event->data.sequence_start.anchor, event->data.sequence_start.tag);
    if (b->depth == TREE_MAX_DEPTH) {
        diag_error(b->diag, at, "nested deeper than %u levels, expected a scenario", TREE_MAX_DEPTH);
        b->stop = true;
        return;
    }
    struct node *node = new_node(b, kind, at);
    if (node == NULL)
        return;
    place(b, node);
    b->key[b->depth] = NULL;
    b->open[b->depth++] = node;
}

static void handle(struct builder *b, const yaml_event_t *event, unsigned *documents)
{
    struct mark at = mark_of(&event->start_mark);

    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (++*documents > 1) {
            diag_error(b->diag, at, "a second document in the file, expected one scenario");
            b->stop = true;
        }
        break;
    case YAML_ALIAS_EVENT: {
        char shown[48];
        diag_error(b->diag, at, "alias '*%s': scenarios have no anchors and aliases, expected the value itself",
                   text_quote(shown, sizeof(shown), (const char *)event->data.alias.anchor));
        struct node *node = new_node(b, NODE_BROKEN, at);
        if (node != NULL)
            place(b, node);
        break;
    }
    case YAML_SCALAR_EVENT:
        add_scalar(b, event);
        break;
    case YAML_MAPPING_START_EVENT:
        open_container(b, NODE_MAP, event);
        break;
    case YAML_SEQUENCE_START_EVENT:
        open_container(b, NODE_LIST, event);
        break;
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        b->depth--;
        break;
    default:
        break;
    }
}

static void report_parser(struct builder *b, const yaml_parser_t *parser)
{
    const char *problem = parser->problem != NULL ? parser->problem : "not YAML";
    if (parser->error == YAML_MEMORY_ERROR)
        diag_error(b->diag, (struct mark){0, 0}, "out of memory");
    else if (parser->context != NULL)
        diag_error(b->diag, mark_of(&parser->problem_mark), "not well-formed YAML: %s (%s, line %zu), expected YAML",
                   problem, parser->context, parser->context_mark.line + 1);
    else
        diag_error(b->diag, mark_of(&parser->problem_mark), "not well-formed YAML: %s, expected YAML", problem);
    b->stop = true;
}

int tree_build(struct tree *tree, const char *text, size_t size, struct diag *diag)
{
    struct builder b = {.tree = tree, .diag = diag};
    unsigned documents = 0;

    memset(tree, 0, sizeof(*tree));
    if (size > TREE_MAX_BYTES) {
        diag_error(diag, (struct mark){1, 1}, "a file of %zu bytes, expected a scenario of at most %u", size,
                   TREE_MAX_BYTES);
        return -1;
    }
    if (text_check(text, size, diag) != 0)
        return -1;

    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        diag_error(diag, (struct mark){0, 0}, "out of memory");
        return -1;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
    for (bool end = false; !end && !b.stop;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            report_parser(&b, &parser);
            break;
        }
        end = event.type == YAML_STREAM_END_EVENT;
        handle(&b, &event, &documents);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    if (b.stop)
        return -1;
    if (tree->root == NULL || (tree->root->kind == NODE_SCALAR && tree->root->text[0] == '\0')) {
        diag_error(diag, (struct mark){1, 1}, "the file is empty, expected a scenario");
        return -1;
    }
    return 0;
}

void tree_free(struct tree *tree)
{
    struct node *node = tree->newest;
    while (node != NULL) {
        struct node *before = node->allocated_before;
        free(node->text);
        free(node);
        node = before;
    }
    memset(tree, 0, sizeof(*tree));
}

struct node *tree_get(const struct node *map, const char *key)
{
    if (map == NULL || map->kind != NODE_MAP)
        return NULL;
    for (struct node *value = map->first; value != NULL; value = value->next) {
        if (strcmp(value->key->text, key) == 0)
            return value;
    }
    return NULL;
}
