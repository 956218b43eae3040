//! The five operations that every kind of object has, written once. What differs is in its [`Resource`](super::flow::Resource).

/// Declares list, create, get, replace and remove for one kind.
macro_rules! operations {
    (
        object: $object:ident, input: $input:ident, view: $view:ident, list: $list_type:ident of $items:ident,
        path: $path:tt, one: $one:tt, id: $id:tt, tag: $tag:tt, example: $example:ident,
        list: $list:ident $list_id:tt $list_title:tt $list_text:tt,
        create: $create:ident $create_id:tt $create_title:tt $create_text:tt,
        get: $get:ident $get_id:tt $get_title:tt $get_text:tt,
        replace: $replace:ident $replace_id:tt $replace_title:tt $replace_text:tt,
        remove: $remove:ident $remove_id:tt $remove_title:tt $remove_text:tt,
    ) => {
        #[doc = $list_title]
        #[doc = ""]
        #[doc = $list_text]
        #[utoipa::path(
            get, path = $path, operation_id = $list_id, tag = $tag, params(ListQuery),
            responses((status = 200, description = $list_text, body = $list_type,
                examples(("list" = (summary = $list_title, value = json!(super::example::list($tag, super::example::$example())))))))
        )]
        pub(crate) async fn $list(
            State(registry): State<Arc<Registry>>,
            acting: Acting,
            Query(query): Query<ListQuery>,
        ) -> Result<Json<$list_type>, Refusal> {
            let found = flow::list::<$object>(&registry, &acting, query).await?;
            Ok(Json($list_type { $items: found.items, links: found.links, meta: found.meta }))
        }

        #[doc = $create_title]
        #[doc = ""]
        #[doc = $create_text]
        #[utoipa::path(
            post, path = $path, operation_id = $create_id, tag = $tag,
            params(("Idempotency-Key" = Option<String>, Header, description = "Samma nyckel och kropp ger samma svar i ett dygn. The same key and body give the same answer for a day.", example = "0198f2f0-7d5c-7000-8000-0123456789ab")),
            request_body(content = $input, example = json!(super::example::input(super::example::$example()))),
            responses(
                (status = 201, description = $create_text, body = $view,
                    headers(("Location" = String, description = "Objektets adress. The object's address."), ("ETag" = String, description = "Revision.")),
                    examples(("created" = (summary = $create_title, value = json!(super::example::one($tag, super::example::$example())))))),
                (status = 409, description = "Id:t är upptaget. The id is taken.", body = Problem, content_type = "application/problem+json"),
                (status = 422, description = "Kroppen bryter mot en regel. The body breaks a rule.", body = Problem, content_type = "application/problem+json"),
            )
        )]
        pub(crate) async fn $create(
            State(registry): State<Arc<Registry>>,
            acting: Acting,
            headers: HeaderMap,
            Json(input): Json<$input>,
        ) -> Result<Response, Refusal> {
            flow::create::<$object>(&registry, &acting, &headers, input).await
        }

        #[doc = $get_title]
        #[doc = ""]
        #[doc = $get_text]
        #[utoipa::path(
            get, path = $one, operation_id = $get_id, tag = $tag,
            params(($id = String, Path, description = "Id.", example = "exempel.ett")),
            responses(
                (status = 200, description = $get_text, body = $view,
                    headers(("ETag" = String, description = "Revision.")),
                    examples(("one" = (summary = $get_title, value = json!(super::example::one($tag, super::example::$example())))))),
                (status = 404, description = "Finns inte, eller är inte din. Does not exist, or is not yours.", body = Problem, content_type = "application/problem+json"),
            )
        )]
        pub(crate) async fn $get(
            State(registry): State<Arc<Registry>>,
            acting: Acting,
            Path(id): Path<String>,
        ) -> Result<Response, Refusal> {
            flow::get::<$object>(&registry, &acting, &id).await
        }

        #[doc = $replace_title]
        #[doc = ""]
        #[doc = $replace_text]
        #[utoipa::path(
            put, path = $one, operation_id = $replace_id, tag = $tag,
            params(($id = String, Path, description = "Id.", example = "exempel.ett"),
                ("If-Match" = String, Header, description = "ETag som lästes. The ETag that was read.", example = "\"1\"")),
            request_body(content = $input, example = json!(super::example::input(super::example::$example()))),
            responses(
                (status = 200, description = $replace_text, body = $view,
                    headers(("ETag" = String, description = "Revision.")),
                    examples(("changed" = (summary = $replace_title, value = json!(super::example::one($tag, super::example::$example())))))),
                (status = 404, description = "Finns inte, eller är inte din. Does not exist, or is not yours.", body = Problem, content_type = "application/problem+json"),
                (status = 412, description = "Ändrad av någon annan sedan den lästes. Changed by somebody else since it was read.", body = Problem, content_type = "application/problem+json"),
                (status = 422, description = "Kroppen bryter mot en regel. The body breaks a rule.", body = Problem, content_type = "application/problem+json"),
            )
        )]
        pub(crate) async fn $replace(
            State(registry): State<Arc<Registry>>,
            acting: Acting,
            Path(id): Path<String>,
            headers: HeaderMap,
            Json(input): Json<$input>,
        ) -> Result<Response, Refusal> {
            flow::replace::<$object>(&registry, &acting, &headers, &id, input).await
        }

        #[doc = $remove_title]
        #[doc = ""]
        #[doc = $remove_text]
        #[utoipa::path(
            delete, path = $one, operation_id = $remove_id, tag = $tag,
            params(($id = String, Path, description = "Id.", example = "exempel.ett"),
                ("If-Match" = String, Header, description = "ETag som lästes. The ETag that was read.", example = "\"1\"")),
            responses(
                (status = 204, description = $remove_text),
                (status = 404, description = "Finns inte, eller är inte din. Does not exist, or is not yours.", body = Problem, content_type = "application/problem+json"),
                (status = 409, description = "Används. In use.", body = Problem, content_type = "application/problem+json"),
                (status = 412, description = "Ändrad av någon annan sedan den lästes. Changed by somebody else since it was read.", body = Problem, content_type = "application/problem+json"),
            )
        )]
        pub(crate) async fn $remove(
            State(registry): State<Arc<Registry>>,
            acting: Acting,
            Path(id): Path<String>,
            headers: HeaderMap,
        ) -> Result<StatusCode, Refusal> {
            flow::remove::<$object>(&registry, &acting, &headers, &id).await
        }
    };
}

pub(super) use operations;
