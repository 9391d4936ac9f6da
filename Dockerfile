# syntax=docker/dockerfile:1
# The program `debrief` on a small Debian. Used by docker-compose.yml.
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
# What cargo downloads and compiles is kept between builds, so that a change compiles only what it touches.
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --release --locked --bin debrief && cp target/release/debrief /debrief

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
RUN useradd --system --create-home --uid 10001 debrief
COPY --from=build /debrief /usr/local/bin/debrief
USER debrief
ENTRYPOINT ["debrief"]
