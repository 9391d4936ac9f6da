# The program `debrief` on a small Debian. Used by docker-compose.yml.
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked --bin debrief

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
RUN useradd --system --create-home --uid 10001 debrief
COPY --from=build /src/target/release/debrief /usr/local/bin/debrief
USER debrief
ENTRYPOINT ["debrief"]
